package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/config"
)

func TestCheckFindsWhatOnlyThePartsKnow(t *testing.T) {
	tests := map[string]string{
		"hub: { relays: [ { on: a, emit: \"b:$1\" } ] }":                  "realtimectl.yaml:1:",
		"hub: { relays: [ { on: a, emit: b, to: everybody } ] }":          "realtimectl.yaml:1:",
		"hub: { relays: [ { on: join, join: \"room-*\" } ] }":             "does not stand for a whole segment",
		"hub: { auth: { required: true, secret-env: NO_SUCH_VARIABLE } }": "NO_SUCH_VARIABLE",
		"hub: { relays: [ { on: \"client:*\", emit: \"server:$1\" } ] }":  "",
	}
	for text, want := range tests {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(config.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		got := Check(cfg.Config)
		if want == "" && len(got) > 0 || !strings.Contains(got.Error(), want) {
			t.Errorf("%s: got %q, want %q in it", text, got.Error(), want)
		}
	}
}

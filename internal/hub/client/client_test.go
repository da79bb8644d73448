package client_test

import (
	"bytes"
	"compress/gzip"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/hub/client"
)

// sizeLimit is what a page may pay for the client: gzipped bytes. The official one's
// smallest build takes 13,000.
const sizeLimit = 8 << 10

func scripts() map[string][]byte {
	return map[string][]byte{"classic": client.Source(), "module": client.Module()}
}

func TestClientIsSmall(t *testing.T) {
	for name, script := range scripts() {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(script); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if packed.Len() >= sizeLimit {
			t.Errorf("%s script: %d bytes gzipped, want fewer than %d", name, packed.Len(), sizeLimit)
		}
	}
}

// A Content-Security-Policy without 'unsafe-eval' must not stop the client.
func TestClientMakesNoCodeFromText(t *testing.T) {
	fromText := regexp.MustCompile(`\beval\b|\bFunction\(|setTimeout\("`)
	for name, script := range scripts() {
		if found := fromText.Find(script); found != nil {
			t.Errorf("%s script holds %q", name, found)
		}
	}
}

func TestClientIsES2017(t *testing.T) {
	for name, script := range scripts() {
		lowered := transform(t, script, api.ES2017)
		if !bytes.Equal(transform(t, script, api.ESNext), lowered) {
			t.Errorf("%s script uses syntax that ES2017 does not have", name)
		}
	}
}

func transform(t *testing.T, script []byte, target api.Target) []byte {
	t.Helper()
	result := api.Transform(string(script), api.TransformOptions{Target: target})
	if len(result.Errors) > 0 {
		t.Fatal(result.Errors[0].Text)
	}
	return result.Code
}

func TestModuleExportsTheDocumentedNames(t *testing.T) {
	_, exports, found := strings.Cut(string(client.Module()), "export{")
	if !found {
		t.Fatal("the module exports nothing")
	}
	for _, name := range []string{"io", "connect", "Manager", "Socket", "protocol", "default"} {
		if !regexp.MustCompile(`\b` + name + `[,}]`).MatchString(exports) {
			t.Errorf("no export %q in {%s", name, exports)
		}
	}
}

func TestCallersCannotChangeTheScripts(t *testing.T) {
	client.Source()[0] = 'X'
	client.Module()[0] = 'X'
	if client.Source()[0] == 'X' || client.Module()[0] == 'X' {
		t.Error("a caller's change is seen by the next one")
	}
}

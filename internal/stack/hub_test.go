package stack

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
)

func TestMistakeInARuleOrKeyPointsIntoTheFile(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"unknown target", "hub:\n  relays:\n    - { on: \"client:*\", emit: x, to: everybody }\n", "realtimectl.yaml:3:"},
		{"short secret", "hub:\n  auth: { secret-file: secret }\n", "realtimectl.yaml:2:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, t.TempDir(), map[string]string{"realtimectl.yaml": tt.file, "secret": "short"})
			_, relays := compileRelays(cfg.Config)
			_, auth := authenticator(cfg.Config)
			err := errors.Join(relays, auth)
			var list diag.List
			if !errors.As(err, &list) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a diagnostic at %s", err, tt.want)
			}
		})
	}
}

func TestWithoutRulesDevelopmentRelaysAndProductionDoesNot(t *testing.T) {
	for mode, want := range map[string]int{"development": 1, "production": 0} {
		cfg := load(t, t.TempDir(), map[string]string{"realtimectl.yaml": "serve: { mode: " + mode + " }\n"})
		set, err := compileRelays(cfg.Config)
		if err != nil || set.Len() != want {
			t.Errorf("%s: %d rules, %v; want %d", mode, set.Len(), err, want)
		}
	}
}

func TestHubThatKnowsNobodyRefusesWhenATokenIsRequired(t *testing.T) {
	i := run(t, load(t, t.TempDir(), map[string]string{
		"realtimectl.yaml": free + "hub: { auth: { required: true, secret-file: secret } }\n",
		"secret":           strings.Repeat("0123456789abcdef", 4),
		"src/index.html":   "x",
	}), nil)
	_, open := get(t, i.App+"/socket.io/?EIO=4&transport=polling")
	sid, _, _ := strings.Cut(strings.TrimPrefix(open, `0{"sid":"`), `"`)
	poll := i.App + "/socket.io/?EIO=4&transport=polling&sid=" + sid
	resp, err := http.Post(poll, "text/plain;charset=UTF-8", strings.NewReader("40"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, answer := get(t, poll); !strings.HasPrefix(answer, "44{") {
		t.Errorf("the hub answers %q, want a connect error", answer)
	}
}

func TestRequiredIdentityWithoutAWayToTellIsRefused(t *testing.T) {
	cfg, err := Load(config.Options{Dir: t.TempDir(), Overrides: []config.Override{{Key: "hub.auth.required", Text: "true", From: "test"}}})
	if err != nil {
		return // the configuration says so itself
	}
	if who, err := authenticator(cfg.Config); err == nil {
		t.Errorf("got %v: everybody would be let in", who)
	}
}

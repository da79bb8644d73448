package stack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/config"
)

func load(t *testing.T, dir string, files map[string]string) Project {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := Load(config.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestTokenIsNewAtEachStartPrivateAndHiddenFromGit(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, nil)
	first, err := publishToken(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	second, err := publishToken(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	if first == second || len(second) < 20 {
		t.Errorf("tokens %q and %q", first, second)
	}
	info, err := os.Stat(filepath.Join(dir, ".realtimectl", "token"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token file: %v, %v; want mode 0600", info, err)
	}
	ignore, err := os.ReadFile(filepath.Join(dir, ".realtimectl", ".gitignore"))
	if err != nil || string(ignore) != "*\n" {
		t.Errorf(".gitignore: %q, %v", ignore, err)
	}
}

func TestNothingOfARunIsLeftInTheProject(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, nil)
	if _, err := publishToken(cfg.Config); err != nil {
		t.Fatal(err)
	}
	if err := forgetRun(cfg.Config); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestWhatOthersKeepInTheFolderStays(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{".realtimectl/recovery": "x"})
	if _, err := publishToken(cfg.Config); err != nil {
		t.Fatal(err)
	}
	if err := forgetRun(cfg.Config); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".realtimectl", "recovery")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".realtimectl", "token")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the token is still there: %v", err)
	}
}

func TestNamedTokenFileIsReadAndKept(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{
		"realtimectl.yaml": "hub: { publish: { token-file: secrets/token } }\n",
		"secrets/token":    "shared-with-the-api\n",
	})
	token, err := publishToken(cfg.Config)
	if err != nil || token != "shared-with-the-api" {
		t.Errorf("got %q, %v", token, err)
	}
}

func TestNamedTokenFileIsMadeOnceWhenMissing(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{
		"realtimectl.yaml": "hub: { publish: { token-file: secrets/token } }\n",
	})
	first, err := publishToken(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	second, err := publishToken(cfg.Config)
	if err != nil || first != second {
		t.Errorf("got %q then %q, %v; want the same token", first, second, err)
	}
}

func TestUselessTokenFileIsRefused(t *testing.T) {
	for name, content := range map[string]string{"empty": "\n", "large": strings.Repeat("x", tokenBytes+1)} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, t.TempDir(), map[string]string{
				"realtimectl.yaml": "hub: { publish: { token-file: token } }\n",
				"token":            content,
			})
			if token, err := publishToken(cfg.Config); err == nil || !strings.Contains(err.Error(), "token file: ") {
				t.Errorf("got %q, %v", token, err)
			}
		})
	}
}

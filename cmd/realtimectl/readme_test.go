package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
)

// TestWhatTheReadmeConfiguresIsValid loads every piece of configuration in README.md.
func TestWhatTheReadmeConfiguresIsValid(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(blocks) == 0 {
		t.Fatal("there is none")
	}
	for _, block := range blocks {
		parent := t.TempDir()
		dir := filepath.Join(parent, "project")
		for name, text := range map[string]string{config.FileName: string(block[1]), "users.txt": "ana:segredo", "../docs/a.md": "", "../api/artisan": ""} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := config.Load(config.Options{Dir: dir})
		if err != nil {
			t.Errorf("%s\n%v", block[1], err)
			continue
		}
		if list := append(cfg.Warnings, stack.Check(cfg)...); len(list) > 0 {
			t.Errorf("%s\n%v", block[1], list)
		}
	}
}

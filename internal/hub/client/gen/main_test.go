package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestCommittedScriptsAreMadeFromTheSource(t *testing.T) {
	scripts, err := compile("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range scripts {
		got, err := os.ReadFile(filepath.Join("..", "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("dist/%s is not what src makes; run go generate in internal/hub/client", name)
		}
	}
}

func TestGenerateWritesBothScripts(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS("../src")); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("../tsconfig.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{classicName, moduleName} {
		if info, err := os.Stat(filepath.Join(dir, "dist", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGenerateNamesTheMistake(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "src"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "src", "index.ts"), []byte("export const = 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := generate(dir)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("index.ts:1:13")) {
		t.Errorf("got %v, want an error that names the place", err)
	}
}

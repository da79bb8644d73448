package templates_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/backend/store"
	"github.com/realtimectl/realtimectl/templates"
)

// tree returns every file below dir with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func mustWrite(t *testing.T, dst string, o templates.Options) []templates.File {
	t.Helper()
	files, err := templates.Write(t.Context(), dst, templates.Default, o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEveryTemplateHasADescriptionAndFiles(t *testing.T) {
	for _, name := range templates.Names() {
		text, err := templates.Describe(name)
		if err != nil || text == "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		files, err := templates.Files(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"README.md", "realtimectl.yaml", "src/index.html", "gitignore", "editorconfig"} {
			if files[file] == nil {
				t.Errorf("%s has no %s", name, file)
			}
		}
		for file := range files {
			top, _, _ := strings.Cut(file, "/")
			if slices.Contains([]string{"dist", ".tmp", ".realtimectl", "node_modules", "vendor"}, top) {
				t.Errorf("%s holds %s, which is not source: delete it and build again", name, file)
			}
		}
	}
}

func TestAnUnknownNameIsAnsweredWithTheList(t *testing.T) {
	_, err := templates.Write(t.Context(), t.TempDir(), "job", templates.Options{})
	unknown, ok := errors.AsType[*templates.UnknownError](err)
	if !ok || unknown.Name != "job" || !slices.Contains(unknown.Known, "jobs") {
		t.Errorf("got %v", err)
	}
	if _, err := templates.Files("job"); err == nil {
		t.Error("Files knows it")
	}
}

func TestWriteMakesTheWholeProjectUnderTheNameOfItsFolder(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "deep", "Pêra & <Uva>")
	files := mustWrite(t, dst, templates.Options{})
	got := tree(t, dst)
	var want []string
	for _, f := range files {
		want = append(want, f.Path)
		if f.Action != templates.Create {
			t.Errorf("%s: %s", f.Path, f.Action)
		}
	}
	var have []string
	for name := range got {
		have = append(have, name)
	}
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("reported and written (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got["README.md"], "# Pêra & <Uva>\n") {
		t.Errorf("README begins %.40q", got["README.md"])
	}
	if !strings.Contains(got["src/index.html"], "<title>Pêra &amp; &lt;Uva&gt;</title>") {
		t.Error("the page does not have the name, escaped")
	}
	if _, ok := got[".gitignore"]; !ok {
		t.Error("no .gitignore")
	}
	for name, text := range got {
		if strings.Contains(text, "Abacate") {
			t.Errorf("%s still names the template's product", name)
		}
	}
}

func TestItsOwnNameLeavesTheTemplateAsItIs(t *testing.T) {
	dst := t.TempDir()
	mustWrite(t, dst, templates.Options{Name: "Abacate"})
	got := tree(t, dst)
	for _, name := range []string{"gitignore", "editorconfig"} {
		got[name] = got["."+name]
		delete(got, "."+name)
	}
	if diff := cmp.Diff(tree(t, templates.Default), got); diff != "" {
		t.Errorf("(-template +written):\n%s", diff)
	}
}

// fill puts files into a folder.
func fill(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, path.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesInTheWayAreAllNamedAndNothingIsWritten(t *testing.T) {
	dst := t.TempDir()
	mustWrite(t, dst, templates.Options{})
	fill(t, dst, map[string]string{"realtimectl.yaml": "# mine", "src/index.html": "mine too", "other.txt": "kept"})
	before := tree(t, dst)
	_, err := templates.Write(t.Context(), dst, "jobs", templates.Options{})
	conflict, ok := errors.AsType[*templates.ConflictError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"realtimectl.yaml", "src/index.html"}, conflict.Paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, tree(t, dst)); diff != "" {
		t.Errorf("the folder changed:\n%s", diff)
	}

	skipped := mustWrite(t, dst, templates.Options{Skip: true})
	if got := actions(skipped); got[templates.Skipped] != 2 || tree(t, dst)["realtimectl.yaml"] != "# mine" {
		t.Errorf("skip: %v", got)
	}
	replaced := mustWrite(t, dst, templates.Options{Overwrite: true})
	if got := actions(replaced); got[templates.Replace] != 2 || got[templates.Identical] != len(replaced)-2 {
		t.Errorf("overwrite: %v", got)
	}
	if tree(t, dst)["other.txt"] != "kept" {
		t.Error("a file that is not the template's was touched")
	}
}

func TestAFolderFullOfOtherThingsIsLeftAlone(t *testing.T) {
	dst := t.TempDir()
	fill(t, dst, map[string]string{"a.txt": "", "b/c.txt": "", "README.md": "mine"})
	before := tree(t, dst)
	_, err := templates.Write(t.Context(), dst, "jobs", templates.Options{})
	foreign, ok := errors.AsType[*templates.ForeignError](err)
	if !ok || cmp.Diff([]string{"a.txt", "b"}, foreign.Names) != "" {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, tree(t, dst)); diff != "" {
		t.Errorf("the folder changed:\n%s", diff)
	}
	if got := actions(mustWrite(t, dst, templates.Options{Skip: true})); got[templates.Skipped] != 1 || got[templates.Create] == 0 {
		t.Errorf("asked to write beside it: %v", got)
	}
}

func TestWhatANewRepositoryHasIsKept(t *testing.T) {
	dst := t.TempDir()
	mine := map[string]string{"README.md": "mine", "LICENSE": "MIT", ".gitignore": "*.log", ".git/HEAD": "ref: refs/heads/main"}
	fill(t, dst, mine)
	files := mustWrite(t, dst, templates.Options{})
	if got := actions(files); got[templates.Skipped] != 2 { // README.md and .gitignore
		t.Errorf("got %v", got)
	}
	got := tree(t, dst)
	for name, text := range mine {
		if got[name] != text {
			t.Errorf("%s now says %q", name, got[name])
		}
	}
}

func actions(files []templates.File) map[templates.Action]int {
	n := map[templates.Action]int{}
	for _, f := range files {
		n[f.Action]++
	}
	return n
}

func TestASecondWriteFindsEverythingIdentical(t *testing.T) {
	dst := t.TempDir()
	files := mustWrite(t, dst, templates.Options{})
	if got := actions(mustWrite(t, dst, templates.Options{})); got[templates.Identical] != len(files) {
		t.Errorf("got %v", got)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "new")
	files := mustWrite(t, dst, templates.Options{DryRun: true})
	if len(files) == 0 || actions(files)[templates.Create] != len(files) {
		t.Errorf("got %v", files)
	}
	if _, err := os.Stat(dst); err == nil {
		t.Error("the folder was made")
	}
}

func TestAFailureLeavesNothingBehind(t *testing.T) {
	dst := t.TempDir()
	// A link to nowhere: the folder src is not there and cannot be made, which shows only
	// once the files before it are in place.
	if err := os.Symlink("nowhere", filepath.Join(dst, "src")); err != nil {
		t.Skip(err)
	}
	fill(t, dst, map[string]string{"data/db.json": "mine"})
	before := tree(t, dst)
	if _, err := templates.Write(t.Context(), dst, "jobs", templates.Options{Overwrite: true}); err == nil {
		t.Fatal("wrote through a link to nowhere")
	}
	if diff := cmp.Diff(before, tree(t, dst)); diff != "" {
		t.Errorf("the folder changed:\n%s", diff)
	}
	entries, err := os.ReadDir(dst)
	if err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// ending is a context that ends when it has been asked a number of times whether it has:
// an interruption at each possible moment.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnInterruptionAtAnyMomentLeavesNothingBehind(t *testing.T) {
	for _, there := range []bool{false, true} {
		parent := t.TempDir()
		dst := filepath.Join(parent, "deep", "new")
		if there {
			fill(t, dst, map[string]string{"data/db.json": "mine"})
		}
		before := names(t, parent)
		moments := 0
		for ; ; moments++ {
			_, err := templates.Write(&ending{t.Context(), moments}, dst, "jobs", templates.Options{Overwrite: true})
			if err == nil {
				break
			}
			if diff := cmp.Diff(before, names(t, parent)); diff != "" {
				t.Fatalf("moment %d (-before +after):\n%s", moments, diff)
			}
		}
		if moments < 10 {
			t.Errorf("only %d moments", moments)
		}
	}
}

// names lists all files and folders, with the content of files.
func names(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := tree(t, dir)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			all[name+"/"] = ""
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheSeedsOfTheBoardAreWhatTheirSchemaAsksFor(t *testing.T) {
	dst := t.TempDir()
	mustWrite(t, dst, templates.Options{})
	api := openStore(t, dst)
	var db struct{ Jobs []map[string]any }
	if err := json.Unmarshal([]byte(tree(t, dst)["data/db.json"]), &db); err != nil || len(db.Jobs) < 4 {
		t.Fatalf("%v: %d jobs", err, len(db.Jobs))
	}
	for _, job := range db.Jobs {
		body, err := json.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := call(t, api, "PUT", "/api/jobs/"+job["id"].(string), string(body)); status != 200 {
			t.Errorf("%s: %d %s", job["id"], status, answer)
		}
	}
}

// openStore opens the store as the board's realtimectl.yaml describes it.
func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	api, err := store.Open(store.Options{
		File: filepath.Join(dir, "data/db.json"), Path: "/api",
		Schemas: map[string]string{"jobs": filepath.Join(dir, "data/job.schema.json")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestThePageNeedsNothingFromElsewhereAndNothingInline(t *testing.T) {
	files := tree(t, "jobs/src")
	foreign := regexp.MustCompile(`https?://[^\s"'<>]+`)
	inline := regexp.MustCompile(`(?i)\son[a-z]+=|\sstyle=|<style|<script(?:\s[^>]*)?>[^<]`)
	danger := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function`)
	for name, text := range files {
		for _, url := range foreign.FindAllString(text, -1) {
			if url != "http://www.w3.org/2000/svg" && !strings.HasSuffix(name, "words.js") {
				t.Errorf("%s names %s", name, url)
			}
		}
		if m := inline.FindString(text); m != "" && path.Ext(name) == ".html" {
			t.Errorf("%s: %q would break under a strict content security policy", name, m)
		}
		if m := danger.FindString(text); m != "" {
			t.Errorf("%s: %s lets a job's text become code", name, m)
		}
	}
}

func TestBothLanguagesSayTheSameThings(t *testing.T) {
	text := tree(t, "jobs/src")["app/words.js"]
	en, pt, ok := strings.Cut(text, "const pt = {")
	if !ok {
		t.Fatal("words.js has no Portuguese")
	}
	keys := func(s string) []string {
		var keys []string
		for _, m := range regexp.MustCompile(`(?m)^  '?([\w.-]+)'?:`).FindAllStringSubmatch(s, -1) {
			keys = append(keys, m[1])
		}
		return keys
	}
	if diff := cmp.Diff(keys(en), keys(pt)); diff != "" {
		t.Errorf("(-en +pt):\n%s", diff)
	}
	for name, file := range tree(t, "jobs/src") {
		for _, m := range regexp.MustCompile(`data-words(?:-label)?="([^"]+)"`).FindAllStringSubmatch(file, -1) {
			if !slices.Contains(keys(en), m[1]) {
				t.Errorf("%s asks for the words %q, which are nowhere", name, m[1])
			}
		}
	}
}

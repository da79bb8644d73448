package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inFolder lists the files below a folder with what they hold.
func inFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		rel, _ := filepath.Rel(dir, file)
		found[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Where a system cannot exchange two folders, the last build goes aside first.
func TestABuildTakesThePlaceOfTheLastOneAlsoByTwoRenames(t *testing.T) {
	for name, swap := range map[string]func(aside, out string) error{"this system": swap, "others": swapByRename} {
		t.Run(name, func(t *testing.T) {
			dir := oddFolder(t)
			out, aside := filepath.Join(dir, "dist"), filepath.Join(dir, "new")
			for _, text := range []string{"first", "second"} { // there is none at first
				write(t, filepath.Join(aside, "index.html"), text)
				if text == "second" {
					write(t, filepath.Join(out, "old.js"), "old")
				}
				if err := swap(aside, out); err != nil {
					t.Fatal(err)
				}
				if err := os.RemoveAll(aside); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]string{"dist/index.html": text}, inFolder(t, dir)); diff != "" {
					t.Errorf("the %s build (-want +got):\n%s", text, diff)
				}
			}
		})
	}
}

func TestTheLastBuildStaysWhenTheNextCannotTakeItsPlace(t *testing.T) {
	dir := oddFolder(t)
	write(t, filepath.Join(dir, "dist", "index.html"), "last")
	if err := swapByRename(filepath.Join(dir, "none"), filepath.Join(dir, "dist")); err == nil {
		t.Error("nothing took the place of a build")
	}
	if diff := cmp.Diff(map[string]string{"dist/index.html": "last"}, inFolder(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

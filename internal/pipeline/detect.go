package pipeline

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Layout is what a project's own files say about where things are.
type Layout struct {
	Src  string // folder of the sources, relative to the project
	Dist string // the output folder of the project's old build; "" = it had none
}

// Detect looks at a project's files and says how it is laid out. It returns a [diag.List]
// when dir is no folder.
func Detect(dir string) (Layout, error) {
	if !isDir(dir) {
		return Layout{}, diag.List{{
			Severity: diag.Error, Source: "project", Message: fmt.Sprintf("there is no folder %s", dir),
			Hint: "name the project's folder, or make one with realtimectl init",
		}}
	}
	for _, src := range []string{"src", ".", "app", "public", "www", "client"} {
		if exists(filepath.Join(dir, src, "index.html")) {
			return Layout{Src: src}, nil
		}
	}
	return Layout{Src: "src"}, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

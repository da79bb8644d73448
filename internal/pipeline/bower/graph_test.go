package bower

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
)

// memory is a project of which nothing is on the disk.
type memory map[string]string

func (m memory) Read(file string) ([]byte, error) {
	text, ok := m[file]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", file, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func (m memory) List(dir string) []glob.Entry {
	found := map[string]bool{}
	for file := range m {
		for ; file != "/"; file = path.Dir(file) {
			if path.Dir(file) == dir {
				found[path.Base(file)] = found[path.Base(file)] || m[file] == ""
			}
		}
	}
	var list []glob.Entry
	for name, folder := range found {
		list = append(list, glob.Entry{Name: name, Dir: folder})
	}
	slices.SortFunc(list, func(a, b glob.Entry) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// components makes random ones; needs says which needs which, by number. Without circles
// a component needs only those that come after it.
func components(r *rand.Rand, circles bool) (project memory, needs [][]int) {
	project = memory{}
	object := func(names []string) map[string]string {
		out := map[string]string{}
		for _, n := range names {
			out[n] = "*"
		}
		return out
	}
	put := func(file string, v any) {
		text, _ := json.Marshal(v) // maps and strings always encode
		project[file] = string(text)
	}
	needs = make([][]int, 2+r.IntN(7))
	var all []string
	for i := range needs {
		name := fmt.Sprint("c", i)
		all = append(all, name)
		var deps []string
		for j := range needs {
			if j != i && (circles || j > i) && r.IntN(3) == 0 {
				needs[i], deps = append(needs[i], j), append(deps, fmt.Sprint("c", j))
			}
		}
		put("/p/bower_components/"+name+"/bower.json", map[string]any{"name": name, "main": []string{name + ".js", "./" + name + ".js", name + ".css"}, "dependencies": object(deps)})
		project["/p/bower_components/"+name+"/"+name+".js"] = "x"
		project["/p/bower_components/"+name+"/"+name+".css"] = "x"
	}
	put("/p/bower.json", map[string]any{"name": "p", "dependencies": object(all)})
	return project, needs
}

// Whatever needs whatever, each file is there once; without circles none comes before one
// that its component needs directly.
func TestRandomComponentsComeOnceAndAfterWhatTheyNeed(t *testing.T) {
	for seed := range uint64(300) {
		circles := seed%2 == 0
		project, needs := components(rand.New(rand.NewPCG(seed, 8)), circles)
		result, err := Resolve("/p", Options{Files: project})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, e := range []string{".js", ".css"} {
			place := map[string]int{}
			for i, file := range result.ByExt(e) {
				if _, twice := place[file]; twice {
					t.Fatalf("seed %d: %s comes twice", seed, file)
				}
				place[file] = i
			}
			if len(place) != len(needs) {
				t.Fatalf("seed %d: %d of %d components bring a %s: %v", seed, len(place), len(needs), e, result.Files)
			}
			at := func(i int) int { return place[fmt.Sprintf("/p/bower_components/c%d/c%d%s", i, i, e)] }
			for i, list := range needs {
				for _, j := range list {
					if !circles && at(j) > at(i) {
						t.Fatalf("seed %d: c%d needs c%d, which comes later: %v", seed, i, j, result.ByExt(e))
					}
				}
			}
		}
	}
}

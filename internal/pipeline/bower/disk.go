package bower

import (
	"os"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
)

// disk reads components where they lie.
type disk struct{}

func (disk) Read(file string) ([]byte, error) { return os.ReadFile(file) }

func (disk) List(dir string) []glob.Entry {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil // no folder: nothing in it
	}
	list := make([]glob.Entry, len(found))
	for i, e := range found {
		info, err := os.Stat(dir + "/" + e.Name())
		list[i] = glob.Entry{Name: e.Name(), Dir: err == nil && info.IsDir()}
	}
	return list
}

package run

import (
	"encoding/json"
	"path"
	"regexp"
	"strconv"
)

var firstNumber = regexp.MustCompile(`\d+`)

// major returns the first number of the version of a package that the project asks for;
// 0 = it does not say. Plugins have changed what they do.
func (r *Runner) major(name string) int {
	data, err := r.opts.Disk.Read(path.Join(r.opts.Dir, "package.json"))
	if err != nil {
		return 0
	}
	if !sameBytes(data, r.packages.data) {
		r.packages.data, r.packages.versions = data, versions(data)
	}
	n, _ := strconv.Atoi(firstNumber.FindString(r.packages.versions[name]))
	return n
}

// packages is what package.json said last.
type packages struct {
	data     []byte
	versions map[string]string
}

func versions(data []byte) map[string]string {
	var all struct{ Dependencies, DevDependencies map[string]string }
	out := map[string]string{}
	if json.Unmarshal(data, &all) != nil {
		return out
	}
	for _, part := range []map[string]string{all.Dependencies, all.DevDependencies} {
		for name, version := range part {
			out[name] = version
		}
	}
	return out
}

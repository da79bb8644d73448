package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxDetected bounds a file that is only looked at for hints, in bytes.
const maxDetected = 1 << 20

// Shape is what a project's own files say about it.
type Shape struct {
	// Name is what kind of project it is, in words: "FountainJS"; "" says nothing.
	Name string
	// From is the file that says so, relative to the project.
	From string
	// Hints are values that weigh more than defaults and less than anything else.
	Hints []Hint
}

// Hint is one value that a file of the project names.
type Hint struct {
	Key   string // "paths.src", "serve.fallback"
	Value string // a folder or a file, relative, with '/'
	From  string // "conf/gulp.conf.js:3"
}

// take lets the shape of the project fill in what nothing else decides.
func (c *Config) take(s Shape) {
	c.Shape = s
	targets := map[string]*string{
		"paths.src": &c.Paths.Src, "paths.dist": &c.Paths.Dist, "paths.tmp": &c.Paths.Tmp,
		"paths.public": &c.Paths.Public, "paths.bower": &c.Paths.Bower,
		"serve.fallback": &c.Serve.Fallback,
	}
	for _, h := range s.Hints {
		target, known := targets[h.Key]
		if !known || *target == h.Value || !filepath.IsLocal(filepath.FromSlash(h.Value)) {
			continue
		}
		*target = h.Value
		c.sources.origins[h.Key] = Origin{FromProject, h.From}
	}
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (c *Config) read(name string) (string, error) {
	path := filepath.Join(c.Dir, filepath.FromSlash(name))
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", name, err)
	}
	if info.Size() > maxDetected || !info.Mode().IsRegular() {
		return "", fmt.Errorf("look at %s: not a small file", name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", name, err)
	}
	return string(text), nil
}

// Project returns what the project calls itself: the name in package.json or
// bower.json, else its folder's name.
func (c *Config) Project() string {
	for _, file := range []string{"package.json", "bower.json"} {
		var pkg struct {
			Name string `json:"name"`
		}
		text, err := c.read(file)
		if err == nil && json.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &pkg) == nil && pkg.Name != "" {
			return pkg.Name
		}
	}
	return filepath.Base(c.Dir)
}

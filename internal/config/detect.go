package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxDetected bounds a file that is only looked at for hints, in bytes.
const maxDetected = 1 << 20

// detect takes from the project itself what it already says about its folders.
// The weakest hint is applied first.
func (c *Config) detect() {
	c.detectFolders()
	for _, name := range []string{"gulp/conf.js", "conf/gulp.conf.js"} {
		c.detectGulpPaths(name)
	}
	c.detectBower()
}

// detectFolders finds the sources of a project that has no src folder.
func (c *Config) detectFolders() {
	if isDirectory(c.Abs(c.Paths.Src)) {
		return
	}
	for _, dir := range []string{"app", "www", "public", "."} {
		if isFile(filepath.Join(c.Dir, dir, "index.html")) {
			c.found("paths.src", &c.Paths.Src, dir, filepath.ToSlash(filepath.Join(dir, "index.html")))
			return
		}
	}
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (c *Config) found(key string, target *string, value, where string) {
	if *target == value || !filepath.IsLocal(filepath.FromSlash(value)) {
		return
	}
	*target = value
	c.sources.origins[key] = Origin{FromProject, where}
}

// detectGulpPaths reads the path constants that the FountainJS and gulp-angular
// generators write:
//
//	exports.paths = { src: 'src', dist: 'dist', tmp: '.tmp', … };
//
// Only plain string constants count; anything cleverer is left to the pipeline,
// which evaluates the file.
func (c *Config) detectGulpPaths(name string) {
	text, err := c.read(name)
	if err != nil {
		return
	}
	start, block := gulpPathsBlock(text)
	if block == "" {
		return
	}
	line := 1 + strings.Count(text[:start], "\n")
	targets := map[string]*string{"src": &c.Paths.Src, "dist": &c.Paths.Dist, "tmp": &c.Paths.Tmp}
	constant := regexp.MustCompile(`['"]?\b(src|dist|tmp)\b['"]?\s*:\s*['"]([^'"\\]+)['"]`)
	for _, m := range constant.FindAllStringSubmatchIndex(block, -1) {
		key, value := block[m[2]:m[3]], block[m[4]:m[5]]
		where := fmt.Sprintf("%s:%d", name, line+strings.Count(block[:m[2]], "\n"))
		c.found("paths."+key, targets[key], value, where)
	}
}

// gulpPathsBlock returns the text between the braces of exports.paths, and where it starts.
func gulpPathsBlock(text string) (int, string) {
	m := regexp.MustCompile(`exports\.paths\s*=\s*\{([^{}]*)\}`).FindStringSubmatchIndex(text)
	if m == nil {
		return 0, ""
	}
	return m[2], text[m[2]:m[3]]
}

func (c *Config) detectBower() {
	var rc struct {
		Directory string `json:"directory"`
	}
	text, err := c.read(".bowerrc")
	if err != nil || json.Unmarshal([]byte(text), &rc) != nil || rc.Directory == "" {
		return
	}
	c.found("paths.bower", &c.Paths.Bower, filepath.ToSlash(filepath.Clean(rc.Directory)), ".bowerrc")
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
		if err == nil && json.Unmarshal([]byte(text), &pkg) == nil && pkg.Name != "" {
			return pkg.Name
		}
	}
	return filepath.Base(c.Dir)
}

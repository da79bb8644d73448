package watch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
)

// Rules decides which paths are ignored, as gitignore(5) does: from patterns given in
// code and from the .gitignore files of a folder and of those below it. The last
// pattern that matches decides, one with "!" in front takes a path back, one with "/"
// at its end matches folders only, and nothing below an ignored folder can be taken
// back. Rules may be used concurrently. A nil *Rules ignores nothing.
type Rules struct {
	root  string
	fixed []pattern

	mu    sync.Mutex
	open  []string             // folders that are watched whatever the patterns say of them; guarded by mu
	files map[string][]pattern // folder → the patterns of its .gitignore; guarded by mu
	dirs  map[string]bool      // folder → whether it is ignored; guarded by mu
}

// gitignore is the name of the files that Rules reads.
const gitignore = ".gitignore"

// maxRulesFile bounds one rules file; a larger one is not a list of patterns.
const maxRulesFile = 1 << 20 // bytes

// NewRules returns the rules for the folder root. The patterns come first, so that
// the user's own files can take back what they ignore.
func NewRules(root string, patterns ...string) *Rules {
	r := &Rules{root: filepath.Clean(root)}
	for _, text := range patterns {
		if p, ok := parsePattern(text, r.root); ok {
			r.fixed = append(r.fixed, p)
		}
	}
	r.Reload()
	return r
}

// Reload makes the rules read their files again when they are next asked.
func (r *Rules) Reload() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files, r.dirs = map[string][]pattern{}, map[string]bool{}
}

// keepOpen exempts folders from the patterns that match them or what is above them:
// whoever names a folder wants it watched. It is called before the rules are asked.
func (r *Rules) keepOpen(dirs []string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = append(r.open, dirs...)
}

// Ignore reports whether the absolute path is ignored, by a pattern that matches it or
// a folder above it. Paths outside the root are not.
func (r *Rules) Ignore(path string, isDir bool) bool {
	if r == nil || path == r.root || !within(path, r.root) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ignore(path, isDir)
}

// file is the rules file of the root.
func (r *Rules) file() string { return filepath.Join(r.root, gitignore) }

// owns reports whether path is a file that the rules read.
func (r *Rules) owns(path string) bool {
	return r != nil && filepath.Base(path) == gitignore && within(path, r.root)
}

// ignore needs mu.
func (r *Rules) ignore(path string, isDir bool) bool {
	dir := filepath.Dir(path)
	if r.dirIgnored(dir) {
		return true
	}
	ignored := r.decide(r.fixed, path, isDir, false)
	for _, list := range r.above(dir) {
		ignored = r.decide(list, path, isDir, ignored)
	}
	return ignored
}

func (r *Rules) dirIgnored(dir string) bool {
	if dir == r.root || !within(dir, r.root) || slices.Contains(r.open, dir) {
		return false
	}
	ignored, known := r.dirs[dir]
	if !known {
		ignored = r.ignore(dir, true)
		r.dirs[dir] = ignored
	}
	return ignored
}

// above returns the patterns that reach into dir, the root's first.
func (r *Rules) above(dir string) [][]pattern {
	var lists [][]pattern
	if dir != r.root {
		lists = r.above(filepath.Dir(dir))
	}
	list, known := r.files[dir]
	if !known {
		list = readPatterns(dir)
		r.files[dir] = list
	}
	if len(list) == 0 {
		return lists
	}
	return append(lists, list)
}

func readPatterns(dir string) []pattern {
	path := filepath.Join(dir, gitignore)
	if info, err := os.Stat(path); err != nil || info.Size() > maxRulesFile {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var list []pattern
	for line := range strings.Lines(string(text)) {
		if p, ok := parsePattern(strings.TrimRight(line, "\r\n"), dir); ok {
			list = append(list, p)
		}
	}
	return list
}

// pattern is one line of a rules file.
type pattern struct {
	base    string // the folder it is relative to
	glob    string
	keep    bool // "!": takes back
	dirOnly bool
	// name: the pattern has no separator in it and is compared with the last element only.
	name bool
	// literal: there is nothing to expand.
	literal bool
}

// parsePattern reads one line; comments and empty lines are none.
func parsePattern(line, base string) (pattern, bool) {
	p := pattern{base: base}
	line = trimSpaces(line)
	if line == "" || line[0] == '#' {
		return p, false
	}
	if line[0] == '!' {
		p.keep, line = true, line[1:]
	}
	if rest, ok := strings.CutSuffix(line, "/"); ok {
		p.dirOnly, line = true, rest
	}
	p.name = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if strings.HasSuffix(line, "/**") { // what is inside, not the folder itself
		line += "/*"
	}
	p.literal = !strings.ContainsAny(line, `*?[\{`)
	// Braces mean nothing to git, but a choice to the library.
	p.glob = strings.NewReplacer("{", `\{`, "}", `\}`).Replace(line)
	return p, line != "" && doublestar.ValidatePattern(p.glob)
}

// trimSpaces drops the spaces at the end, unless the last one is escaped.
func trimSpaces(line string) string {
	trimmed := strings.TrimRight(line, " \t")
	if strings.HasSuffix(trimmed, `\`) && len(trimmed) < len(line) {
		return trimmed + " "
	}
	return trimmed
}

// decide applies a list of patterns in order to what was decided before it.
func (r *Rules) decide(list []pattern, path string, isDir, ignored bool) bool {
	for _, p := range list {
		if p.keep == ignored && p.matches(path, isDir) && !r.exempts(p, path) {
			ignored = !p.keep
		}
	}
	return ignored
}

// exempts reports whether a pattern such as "/.tmp/*" means everything in a folder that
// is kept open, and path lies there.
func (r *Rules) exempts(p pattern, path string) bool {
	whole, ok := strings.CutSuffix(p.glob, "/*")
	if !ok || p.name {
		return false
	}
	p.glob, p.dirOnly = strings.TrimSuffix(whole, "/**"), false
	return slices.ContainsFunc(r.open, func(dir string) bool { return within(path, dir) && p.matches(dir, true) })
}

func (p pattern) matches(path string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	subject := filepath.Base(path)
	if !p.name {
		rest, ok := strings.CutPrefix(path, p.base)
		if !ok {
			return false
		}
		subject = strings.TrimPrefix(filepath.ToSlash(rest), "/")
	}
	if p.literal {
		return p.glob == subject
	}
	ok, err := doublestar.Match(p.glob, subject)
	return ok && err == nil
}

package glob

import (
	"path"
	"slices"
	"strings"
)

// Entry is what a folder holds.
type Entry struct {
	Name string
	Dir  bool // a folder, or a link to one
	Link bool // "**" does not go through links: they may lead in circles
}

// Lister is where a search looks. List returns what a folder, an absolute path, holds,
// sorted by name; nothing if there is no such folder.
type Lister interface {
	List(dir string) []Entry
}

// Search is what to look for. All patterns are absolute.
type Search struct {
	Pattern string
	Except  []Exception
	Dot     bool // wildcards match names that begin with a dot
}

// Exception is what a search leaves out.
type Exception struct {
	files  *Pattern
	folder *Pattern // of which everything is left out: it is not entered
}

// Except compiles an exception; its wildcards match names with a dot too.
func Except(pattern string) Exception {
	opts := Options{Dot: true, NoNegate: true}
	e := Exception{files: Compile(pattern, opts)}
	if whole, ok := strings.CutSuffix(pattern, "/**"); ok {
		e.folder = Compile(whole, opts)
	}
	return e
}

// Files returns the files that match, in the order in which node's glob comes upon them:
// what lies less deep first, and in a folder by name.
func (s Search) Files(in Lister) []string {
	w := walker{search: s, in: in, seen: map[place]bool{}, found: map[string]bool{}, lists: map[string][]Entry{}}
	for i, alternative := range Braces(s.Pattern) {
		list := parts(alternative, Options{Dot: s.Dot})
		if list[len(list)-1].deep {
			list = append(list, anyName(s.Dot))
		}
		w.push(place{dir: list[0].literal + "/", set: i}, list[1:]) // "" or a drive
	}
	for len(w.queue) > 0 {
		next := w.queue[0]
		w.queue = w.queue[1:]
		w.visit(next)
	}
	return w.files
}

// anyName is "*".
func anyName(dot bool) part {
	return part{segment: newSegment("*", []node{{kind: many}}, Options{Dot: dot})}
}

// place is a folder and how much of which alternative is left there.
type place struct {
	dir  string
	set  int
	left int
}

type step struct {
	place
	list []part
}

// walker goes through folders level by level.
type walker struct {
	search Search
	in     Lister
	queue  []step
	seen   map[place]bool
	lists  map[string][]Entry
	found  map[string]bool
	files  []string
}

func (w *walker) push(at place, list []part) {
	at.left = len(list)
	if w.seen[at] {
		return
	}
	w.seen[at] = true
	s := step{at, list}
	for len(s.list) > 1 && s.list[0].segment == nil && !s.list[0].deep {
		s.dir = path.Join(s.dir, s.list[0].literal)
		s.list = s.list[1:]
	}
	if _, listed := w.lists[s.dir]; listed {
		w.visit(s) // node's glob waits only for folders that it has not read yet
		return
	}
	w.queue = append(w.queue, s)
}

func (w *walker) list(dir string) []Entry {
	list, ok := w.lists[dir]
	if !ok {
		list = w.in.List(dir)
		w.lists[dir] = list
	}
	return list
}

// visit does one step: it lists a folder.
func (w *walker) visit(s step) {
	if w.closed(s.dir) {
		return
	}
	if s.list[0].deep {
		w.descend(s)
		return
	}
	for _, e := range w.list(s.dir) {
		if s.list[0].match(e.Name, Options{}) {
			w.take(s, e)
		}
	}
}

// descend goes on behind "**" here and in every folder below.
func (w *walker) descend(s step) {
	rest := s.list[1:]
	entries := w.list(s.dir)
	w.push(place{dir: s.dir, set: s.set}, rest)
	for _, e := range entries {
		if !e.Dir || !w.search.Dot && strings.HasPrefix(e.Name, ".") {
			continue
		}
		dir := path.Join(s.dir, e.Name)
		w.push(place{dir: dir, set: s.set}, rest)
		if !e.Link {
			w.push(place{dir: dir, set: s.set}, s.list)
		}
	}
}

// take follows an entry that matches the first part.
func (w *walker) take(s step, e Entry) {
	file := path.Join(s.dir, e.Name)
	if len(s.list) > 1 {
		if e.Dir {
			w.push(place{dir: file, set: s.set}, s.list[1:])
		}
		return
	}
	if e.Dir || w.found[file] || w.excepted(file) {
		return
	}
	w.found[file] = true
	w.files = append(w.files, file)
}

func (w *walker) excepted(file string) bool {
	return slices.ContainsFunc(w.search.Except, func(e Exception) bool { return e.files.Match(file) })
}

// closed reports whether everything below a folder is left out.
func (w *walker) closed(dir string) bool {
	return slices.ContainsFunc(w.search.Except, func(e Exception) bool {
		return e.folder != nil && (e.folder.Match(dir) || e.files.Match(dir))
	})
}

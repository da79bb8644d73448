package run

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// view is the project as streams see it: what tasks have written over what lies on disk.
type view struct {
	disk    *Disk
	outputs []string            // absolute folders: what lies there on disk was made, and does not count
	written map[string][]*entry // by absolute path; the last one that is not suspended counts
	folders map[string]*names   // what has been written into folders
	deleted []rule              // what this run has deleted that lies on disk
}

// entry is one file that one writer has written.
type entry struct {
	file  *file
	owner any // the id of an op gulp.dest, a *gulp.Write, or given
	run   int // the run that wrote it last
	// suspended entries are those that the current run is going to write again. Until it
	// has, they are not there.
	suspended bool
}

// names is what a folder has got.
type names struct {
	dirs   map[string]bool // name → whether it is a folder
	sorted []glob.Entry    // nil when out of date
}

// rule is what one call of del takes away.
type rule struct {
	patterns []string
	match    func(path string) bool
}

func newView(disk *Disk, outputs []string) *view {
	v := &view{disk: disk, written: map[string][]*entry{}, folders: map[string]*names{}}
	for _, o := range outputs {
		v.outputs = append(v.outputs, path.Join(disk.dir, o))
	}
	return v
}

// top returns what a path holds that was written; nil = nothing.
func (v *view) top(path string) *file {
	for _, e := range slices.Backward(v.written[path]) {
		if !e.suspended {
			return e.file
		}
	}
	return nil
}

// overlay returns what was written over a file of the disk, or where there is none.
func (v *view) overlay(path string) ([]byte, bool) {
	f := v.top(path)
	if f == nil {
		return nil, false
	}
	return f.Contents, true
}

// read returns a file's content.
func (v *view) read(path string) ([]byte, bool) {
	if f := v.top(path); f != nil {
		return f.Contents, true
	}
	if v.hidden(path) {
		return nil, false
	}
	data, err := v.disk.Read(path)
	return data, err == nil
}

// hidden reports whether what lies on disk under a path does not count.
func (v *view) hidden(path string) bool {
	return slices.ContainsFunc(v.outputs, func(dir string) bool { return within(path, dir) }) ||
		slices.ContainsFunc(v.deleted, func(r rule) bool { return r.covers(path, v.disk.dir) })
}

// covers reports whether a path or a folder above it was deleted.
func (r rule) covers(file, top string) bool {
	for ; within(file, top) && file != top; file = path.Dir(file) {
		if r.match(file) {
			return true
		}
	}
	return false
}

// List returns what a folder holds; it makes a view a [glob.Lister].
func (v *view) List(dir string) []glob.Entry {
	var onDisk []glob.Entry
	if !v.hidden(dir) {
		onDisk = v.disk.List(dir)
	}
	if len(v.outputs)+len(v.deleted) > 0 {
		onDisk = v.counting(dir, onDisk)
	}
	made := v.made(dir)
	if len(made) == 0 {
		return onDisk
	}
	return mergeEntries(onDisk, made)
}

// counting leaves out what is hidden.
func (v *view) counting(dir string, list []glob.Entry) []glob.Entry {
	isHidden := func(e glob.Entry) bool { return v.hidden(path.Join(dir, e.Name)) }
	if !slices.ContainsFunc(list, isHidden) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), isHidden)
}

// made returns what was written into a folder and is there. Folders stay when their files
// are suspended: an empty folder holds nothing for anybody.
func (v *view) made(dir string) []glob.Entry {
	n := v.folders[dir]
	if n == nil {
		return nil
	}
	if n.sorted == nil {
		for _, name := range slices.Sorted(maps.Keys(n.dirs)) {
			n.sorted = append(n.sorted, glob.Entry{Name: name, Dir: n.dirs[name]})
		}
	}
	gone := func(e glob.Entry) bool { return !e.Dir && v.top(path.Join(dir, e.Name)) == nil }
	if !slices.ContainsFunc(n.sorted, gone) {
		return n.sorted
	}
	return slices.DeleteFunc(slices.Clone(n.sorted), gone)
}

func mergeEntries(a, b []glob.Entry) []glob.Entry {
	out := make([]glob.Entry, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].Name, b[0].Name); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, b[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// begin hides what the ops of a run are going to write again.
func (v *view) begin(owners map[any]bool) {
	v.deleted = nil
	for _, list := range v.written {
		for _, e := range list {
			e.suspended = owners[e.owner]
		}
	}
}

// write puts a file under its path.
func (v *view) write(f *file, owner any, run int) {
	list := v.written[f.Path]
	i := slices.IndexFunc(list, func(e *entry) bool { return e.owner == owner })
	if i < 0 {
		v.enter(f.Path)
		v.written[f.Path] = append(list, &entry{file: f, owner: owner, run: run})
		return
	}
	e := list[i]
	e.file, e.run, e.suspended = f, run, false
	if i < len(list)-1 {
		v.written[f.Path] = append(slices.Delete(list, i, i+1), e)
	}
}

// given is the owner of files that somebody else has made.
type given struct{}

// give replaces what somebody else has made.
func (v *view) give(files map[string][]byte) {
	for path, list := range v.written {
		if _, stays := files[path]; !stays {
			v.keep(path, list, func(e *entry) bool { return e.owner != (given{}) })
		}
	}
	for path, data := range files {
		if f := v.givenAt(path); f != nil && bytes.Equal(f.Contents, data) {
			continue // the same pointer: who has read it has nothing to redo
		}
		v.write(&file{File: gulp.File{Path: path, Base: v.disk.dir, Contents: data}}, given{}, 0)
	}
}

func (v *view) givenAt(path string) *file {
	for _, e := range v.written[path] {
		if e.owner == (given{}) {
			return e.file
		}
	}
	return nil
}

// enter makes a path known to the folders above it.
func (v *view) enter(file string) {
	for isDir := false; file != v.disk.dir && within(file, v.disk.dir); isDir = true {
		dir, name := path.Dir(file), path.Base(file)
		n := v.folders[dir]
		if n == nil {
			n = &names{dirs: map[string]bool{}}
			v.folders[dir] = n
		}
		if known, ok := n.dirs[name]; ok && known == isDir {
			return
		}
		n.dirs[name], n.sorted = isDir, nil
		file = dir
	}
}

// leave takes a path, and folders that are empty then, out of the folders above it.
func (v *view) leave(file string) {
	for file != v.disk.dir && within(file, v.disk.dir) {
		dir := path.Dir(file)
		n := v.folders[dir]
		if n == nil {
			return
		}
		delete(n.dirs, path.Base(file))
		n.sorted = nil
		if len(n.dirs) > 0 {
			return
		}
		delete(v.folders, dir)
		file = dir
	}
}

// remove deletes what matches: what was written is gone, what lies on disk is hidden.
func (v *view) remove(r rule) {
	for path, list := range v.written {
		if r.covers(path, v.disk.dir) {
			v.keep(path, list, func(e *entry) bool { return e.suspended || e.owner == (given{}) })
		}
	}
	same := func(other rule) bool { return slices.Equal(other.patterns, r.patterns) }
	if v.insideOutputs(r.patterns) || slices.ContainsFunc(v.deleted, same) {
		return
	}
	v.deleted = append(v.deleted, r)
}

// insideOutputs reports whether patterns match only what is hidden anyway.
func (v *view) insideOutputs(patterns []string) bool {
	return !slices.ContainsFunc(patterns, func(p string) bool {
		parent := glob.Parent(p)
		if !glob.HasMagic(p) {
			parent = glob.Parent(p + "/")
		}
		return !strings.HasPrefix(p, "!") && !slices.ContainsFunc(v.outputs, func(dir string) bool { return within(parent, dir) })
	})
}

// keep drops the entries of a path that do not stay.
func (v *view) keep(path string, list []*entry, stays func(*entry) bool) {
	list = slices.DeleteFunc(list, func(e *entry) bool { return !stays(e) })
	if len(list) > 0 {
		v.written[path] = list
		return
	}
	delete(v.written, path)
	v.leave(path)
}

// settle ends a run. What it was going to write again and has not is dropped, unless the
// run was broken off. It returns the files that the run has written, by path.
func (v *view) settle(run int, broken bool) map[string]*file {
	out := map[string]*file{}
	for path, list := range v.written {
		if broken {
			for _, e := range list {
				e.suspended = false
			}
			continue
		}
		if slices.ContainsFunc(list, func(e *entry) bool { return e.suspended }) {
			v.keep(path, list, func(e *entry) bool { return !e.suspended })
			list = v.written[path]
		}
		if len(list) > 0 && list[len(list)-1].run == run {
			out[path] = list[len(list)-1].file
		}
	}
	return out
}

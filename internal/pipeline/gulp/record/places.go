package record

import (
	"errors"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// rel is a path relative to the project.
func (e *engine) rel(file string) string {
	if file == e.dir {
		return "."
	}
	return strings.TrimPrefix(file, e.dir+"/")
}

// here is the place in the project's files that is being carried out.
func (e *engine) here() gulp.Place { return e.firstOwn(e.vm.CaptureCallStack(0, nil)) }

// firstOwn is the first frame of a stack that is a file of the project's, not of one of
// its installed packages if there is another.
func (e *engine) firstOwn(stack []goja.StackFrame) gulp.Place {
	var installed gulp.Place
	for _, f := range stack {
		name := f.SrcName()
		if _, ok := e.modules.sources[name]; !ok {
			continue
		}
		at := e.place(name, f.Position().Line, f.Position().Column)
		if strings.HasPrefix(name, "node_modules/") {
			if installed.File == "" {
				installed = at
			}
			continue
		}
		return at
	}
	return installed
}

// place is a position in a file as its author knows it: without our own beginning of the
// first line, and before the file was rewritten.
func (e *engine) place(name string, line, column int) gulp.Place {
	at := gulp.Place{File: name, Line: line, Column: column}
	mapped := e.modules.sources[name].mapped
	if mapped != nil {
		_, _, line, column, ok := mapped.Source(at.Line, at.Column-1)
		if !ok {
			return gulp.Place{File: name}
		}
		at.Line, at.Column = line, column+1
		return at
	}
	if at.Line == 1 && at.Column > len(wrapHead) {
		at.Column -= len(wrapHead)
	}
	return at
}

// thrownAt is where an error was thrown, as far as it is known.
func (e *engine) thrownAt(err error) gulp.Place {
	var ex *goja.Exception
	var i *goja.InterruptedError
	var deep *goja.StackOverflowError
	var r rejection
	switch {
	case errors.As(err, &i):
		return e.firstOwn(i.Stack())
	case errors.As(err, &deep):
		return e.firstOwn(deep.Stack())
	case errors.As(err, &r):
		return r.at
	case errors.As(err, &ex):
		return e.firstOwn(ex.Stack())
	}
	return gulp.Place{}
}

// placeOf is where a function is written: the engine does not say, but it knows the
// function's text, which is looked for in the files, those named first.
func (e *engine) placeOf(f *goja.Object, likely ...string) gulp.Place {
	if at, ok := e.places[f]; ok {
		return at
	}
	text := e.textOf(f)
	var at gulp.Place
	if text != "" && !strings.Contains(text, "[native code]") {
		at = e.search(text, likely)
	}
	e.places[f] = at
	return at
}

// isOwn reports whether a function is one of the stand-ins'.
func (e *engine) isOwn(f *goja.Object) bool {
	if _, callable := goja.AssertFunction(f); !callable || e.placeOf(f).File != "" {
		return false
	}
	return !strings.Contains(e.textOf(f), "[native code]") // which bound functions have
}

func (e *engine) textOf(f *goja.Object) (text string) {
	_, _ = e.try(func() (goja.Value, error) {
		toString, _ := goja.AssertFunction(e.vm.Get("Function").ToObject(e.vm).Get("prototype").ToObject(e.vm).Get("toString"))
		v, err := toString(f)
		if err == nil {
			text = v.String()
		}
		return v, err
	})
	return text
}

func (e *engine) search(text string, likely []string) gulp.Place {
	for _, name := range likely {
		if at, ok := e.searchIn(name, text); ok {
			return at
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.modules.sources)) {
		if at, ok := e.searchIn(name, text); ok {
			return at
		}
	}
	return gulp.Place{}
}

func (e *engine) searchIn(name, text string) (gulp.Place, bool) {
	src, ok := e.modules.sources[name]
	if !ok {
		return gulp.Place{}, false
	}
	i := strings.Index(src.text, text)
	if i < 0 {
		return gulp.Place{}, false
	}
	p := src.file.Position(i)
	return e.place(name, p.Line, p.Column), true
}

// placeOfExport is where a gulpfile exports a name.
func (e *engine) placeOfExport(file, name string) gulp.Place {
	text := e.modules.sources[file].original
	pattern := `exports\.` + name + `\b|export\s+(?:(?:const|let|var|(?:async\s+)?function)\s+` + name + `\b|` + name + `\b|\{[^}]*\b` + name + `\b)|\b` + name + `\s*[:,}\n]`
	expr, err := regexp.Compile(pattern)
	if err != nil {
		return gulp.Place{File: file}
	}
	found := expr.FindStringIndex(text)
	if found == nil {
		return gulp.Place{File: file}
	}
	before := text[:found[0]]
	return gulp.Place{File: file, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1}
}

// callerDir is the folder of the file that is being carried out.
func (e *engine) callerDir() string { return path.Dir(path.Join(e.dir, e.here().File)) }

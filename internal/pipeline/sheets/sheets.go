// Package sheets compiles Sass and Less with the compilers that a project, or the
// machine, already has.
//
// A [Compiler] belongs to one project. [Compiler.Compile] turns one sheet into CSS and
// tells which files it was made of; it may be called concurrently. Which compiler does
// it is looked up once, when the first sheet of a language is compiled, logged once, and
// told by [Compiler.Choice]:
//
//	Sass   the native compiler of the project's sass-embedded,
//	       the project's npm sass, run by node,
//	       sass on the PATH,
//	       the project's npm sass without node, in an embedded JavaScript engine
//	Less   the project's npm less, run by node,
//	       lessc on the PATH,
//	       the project's npm less without node, in the same engine
//	Stylus stylus in node_modules/.bin or on the PATH
//
// The project's npm packages are those in its own node_modules, in that of a folder
// above it, and those nested below another package such as gulp-less. node-sass and
// libsass, which no current machine builds, are never used: their projects are compiled
// by any of the above.
//
// Imports are found here and not by the compilers, all in the same way: relative to the
// file that imports, in the include paths, in the project's folder, in node_modules and
// bower_components. Files that exist only in memory count like those on disk. Compilers
// stay warm between calls; [Compiler.Close] ends them.
package sheets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Language is what a sheet is written in.
type Language string

// The languages. A name is what people call it.
const (
	Sass   Language = "Sass" // both syntaxes
	Less   Language = "Less"
	Stylus Language = "Stylus"
)

// LanguageOf returns the language of a file by its name; "" = none of them.
func LanguageOf(file string) Language {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".scss", ".sass":
		return Sass
	case ".less":
		return Less
	case ".styl":
		return Stylus
	}
	return ""
}

// Input is one sheet.
type Input struct {
	File   string // absolute; it need not exist, its extension says the syntax; required
	Source []byte // the sheet; nil = read File

	IncludePaths []string // where else imports are looked for: absolute, or relative to the project
	Compressed   bool     // as little white space as the compiler leaves
	Map          bool     // make a source map
	Warnings     bool     // tell deprecations too; @warn of the sheet's own is always told

	// Options are passed to the compiler by the names of its JavaScript API, such as
	// Less's modifyVars or math; what is said above counts more.
	Options map[string]any
	// Read returns the content of a file that exists only in memory, or that is to be
	// used instead of the one on disk; the path is absolute. nil = there is none.
	Read func(file string) ([]byte, bool)
	// Import answers an import before it is looked for; url is as written, from the
	// absolute file that imports. nil = there is none. Commands do not ask it.
	Import func(url, from string) (Import, bool, error)
}

// Import is what an import gets: Content if it is not nil, else the file.
type Import struct {
	File    string // absolute; with Content, what the content is called
	Content []byte
}

// Output is a compiled sheet.
type Output struct {
	CSS []byte
	// Map is a source map, version 3, without "file"; its sources are relative to the
	// project, with slashes, and their content is in it. nil without Input.Map, and when
	// the compiler makes none.
	Map []byte
	// Includes are all files that were read besides the sheet, absolute and sorted; a
	// change of one may change the result. A failed compilation has them too.
	Includes []string
}

// Compiler compiles the sheets of one project.
type Compiler struct {
	dir  string
	log  *slog.Logger
	mu   sync.Mutex // guards what follows; not held while a sheet is compiled
	used map[Language]*used
	done bool
}

// used is the compiler of one language, once it is needed.
type used struct {
	choice Choice
	backend
	busy int         // sheets that it is compiling; guarded by Compiler.mu
	idle *time.Timer // ends it when it is not used; the next sheet starts it anew
}

// New returns the compiler of the project at dir, an absolute path. It costs nothing
// before the first sheet. log may be nil.
func New(dir string, log *slog.Logger) *Compiler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Compiler{dir: filepath.Clean(dir), log: log, used: map[Language]*used{}}
}

// compileTime bounds one compilation: the largest frameworks take a few seconds in the
// engine, much longer on a machine that has other things to do.
const compileTime = 2 * time.Minute

// idleTime is how long an unused compiler is kept warm. It holds 80 to 150 MB, the engine
// in this process.
const idleTime = 10 * time.Minute

// ErrClosed is returned by a Compiler after its Close.
var ErrClosed = errors.New("the stylesheet compiler was closed")

// Compile makes CSS of a sheet. Mistakes in the sheet, and that there is no compiler for
// it, are diagnostics with source "styles"; an error means that the machine failed or that
// ctx has ended. When a diagnostic is an error, Output holds no CSS.
func (c *Compiler) Compile(ctx context.Context, in Input) (Output, diag.List, error) {
	language := LanguageOf(in.File)
	u, b, err := c.use(language)
	if err != nil {
		return Output{}, nil, err
	}
	if u == nil {
		return Output{}, diag.List{c.Missing(in.File)}, nil
	}
	defer c.release(u)
	if in.Source == nil {
		if in.Source, err = c.source(in); err != nil {
			return Output{}, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, compileTime)
	defer cancel()
	j := &job{dir: c.dir, in: in, language: language, loaded: map[string][]byte{}, given: map[string][]byte{}}
	r, err := b.compile(ctx, j)
	if err != nil {
		return Output{}, nil, fmt.Errorf("compile %s with %s: %w", j.rel(in.File), u.choice, err)
	}
	return j.output(r)
}

func (c *Compiler) source(in Input) ([]byte, error) {
	if in.Read != nil {
		if data, ok := in.Read(in.File); ok {
			return data, nil
		}
	}
	data, err := os.ReadFile(in.File)
	if err != nil {
		return nil, fmt.Errorf("read a sheet: %w", err)
	}
	return data, nil
}

// use returns the compiler of a language, which the caller releases; nil if there is none.
func (c *Compiler) use(language Language) (*used, backend, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return nil, nil, ErrClosed
	}
	u := c.used[language]
	if u == nil {
		choice, ok := Find(c.dir, language)
		if !ok {
			return nil, nil, nil // one may be installed until the next time
		}
		u = &used{choice: choice, backend: choice.open()}
		u.idle = time.AfterFunc(idleTime, func() { c.rest(u) })
		c.used[language] = u
		c.log.Info(choice.Sentence(), "event", "styles.compiler")
	}
	u.busy++
	return u, u.backend, nil
}

// release says that a sheet is done.
func (c *Compiler) release(u *used) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u.busy--; u.busy == 0 && c.used[u.choice.Language] == u {
		u.idle.Reset(idleTime)
	}
}

// rest ends a compiler that nobody uses; the one in its place starts with the next sheet.
func (c *Compiler) rest(u *used) {
	c.mu.Lock()
	if u.busy > 0 || c.used[u.choice.Language] != u {
		c.mu.Unlock()
		return
	}
	old := u.backend
	u.backend = u.choice.open()
	c.mu.Unlock()
	_ = old.close() // it is not needed; how it ended does not matter
}

// Choice returns what compiles a language in this project, and false if nothing does. It
// starts nothing.
func (c *Compiler) Choice(language Language) (Choice, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u := c.used[language]; u != nil {
		return u.choice, true
	}
	return Find(c.dir, language)
}

// Forget makes the next sheet look for its compiler anew: the project's packages have
// changed.
func (c *Compiler) Forget() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for language, u := range c.used {
		u.idle.Stop()
		errs = append(errs, u.close())
		delete(c.used, language)
	}
	return errors.Join(errs...)
}

// Close ends the compilers, also one that is at work.
func (c *Compiler) Close() error {
	c.mu.Lock()
	c.done = true
	c.mu.Unlock()
	return c.Forget()
}

// Missing is the diagnostic of a sheet that nothing compiles, with the way out.
func (c *Compiler) Missing(file string) diag.Diagnostic {
	j := job{dir: c.dir}
	language := LanguageOf(file)
	return diag.Diagnostic{
		Severity: diag.Error, Source: source, Path: j.rel(file),
		Message: fmt.Sprintf("nothing compiles %s here: the project has no npm %s, and there is none on the PATH", language, strings.ToLower(string(language))),
		Hint:    "npm install --save-dev " + strings.ToLower(string(language)),
	}
}

// Package gulp is what a project's gulpfile does, as data: tasks, streams of files, and
// what each stream goes through.
//
// Package record makes a [Plan] by evaluating the gulpfile with stand-ins for gulp, its
// plugins and node's modules; nothing is written and nothing runs. Package run carries a
// plan out natively. Between them stands only this package: it knows neither a JavaScript
// engine nor a plugin.
//
// Paths and globs are kept as the gulpfile gives them: relative to the project folder,
// which is its working directory, or absolute below it.
package gulp

import (
	"path"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Plan is one evaluated gulpfile. It is not changed after it was made; the functions it
// holds may be called concurrently, calls follow one another.
type Plan struct {
	// Gulpfile is the file that was evaluated first, relative to the project.
	Gulpfile string
	// Version is gulp's: 3 or 4. In gulp 3 a task runs once, however many others name it.
	Version int
	// Files are all files of the project that the evaluation has read, relative to it,
	// sorted. When one of them changes the plan is out of date.
	Files []string
	// Tasks are in the order in which the gulpfile defines them; names are unique, the
	// last definition counts.
	Tasks []*Task
	// Top is what the gulpfile does outside of its tasks, while it is loaded; nil = nothing.
	Top *Body
	// Found are the mistakes of the evaluation: a file that does not parse, a task whose
	// function throws. What they do not touch is in the plan all the same.
	Found diag.List
}

// Task returns the task of that name, nil if there is none.
func (p *Plan) Task(name string) *Task {
	for _, t := range p.Tasks {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Place is a position in a file of the project.
type Place struct {
	File         string // relative to the project, with slashes
	Line, Column int    // from 1; 0 = not known
}

// Task is one task of the gulpfile.
type Task struct {
	Name  string
	Place Place // of its definition
	Work  Work
}

// Work is something that a task does: a *Series, a *Parallel, a TaskName or a *Body.
type Work interface{ work() }

// Series is done one after the other.
type Series struct{ Of []Work }

// Parallel may be done at once; in gulp 3 so are the dependencies of a task.
type Parallel struct{ Of []Work }

// TaskName is the work of another task, which may be missing.
type TaskName string

// Body is what one function did when it was called, in order.
type Body struct {
	Name    string // of the function; "" = anonymous
	Place   Place
	Actions []Action
	// Found are the mistakes that calling it has met; they are in the plan's Found, too.
	Found diag.List
}

func (*Series) work()   {}
func (*Parallel) work() {}
func (TaskName) work()  {}
func (*Body) work()     {}

// Action is one thing that a function did: a *Stream, a *Delete, a *Write, a *Watch, a
// *Server, a *Command, a *Start or a *Call.
type Action interface{ action() }

// Stream is a flow of files. Each call of pipe makes a new one, so that a flow may
// branch: the streams of a plan are trees, from heads without Prev to leaves. Only
// leaves are actions; what they come from is reached by Prev and by the arguments of Op.
//
// The Op of a head makes files ("gulp.src", "merge-stream", "browserify"), that of every
// other stream gets the files of Prev.
type Stream struct {
	ID   int // unique in the plan, rising in the order of making
	Prev *Stream
	Op   *Op
}

// Op is one use of a plugin: what was called with what.
type Op struct {
	ID int // unique in the plan: the same op in two streams is one op
	// Plugin is the module's name and, after a dot, its member: "gulp.src", "gulp.dest",
	// "gulp-sass", "gulp-sass.sync", "browser-sync.stream", "gulp-filter".
	Plugin string
	Args   []Value
	Place  Place
	// Of is the op this one belongs to, as "gulp-filter.restore" does to its
	// "gulp-filter"; nil for most.
	Of *Op
	// Chain is what a "lazypipe" consists of; of "browserify" its calls of transform, plugin,
	// add and the like ("browserify.transform"), in their order.
	Chain []*Op
	// Run is set where the op is a function of the gulpfile's own, as with through2,
	// map-stream or gulp-tap: it takes the files and returns those that come out. The
	// files are its own to change.
	Run func(files []*File) ([]*File, error)
	// Each says that what Run makes of a file depends on no other file, so that it may be
	// called for one file alone: true where the function has no end-of-stream part.
	Each bool
}

// File is one file in a stream.
type File struct {
	Path     string // absolute
	Base     string // absolute; what gulp.dest takes off Path
	Contents []byte // not changed in place; nil with src's read: false
	Map      []byte // the source map of Contents; nil = none
}

// Delete removes what matches the globs ("del", "rimraf").
type Delete struct {
	Globs []string
	Place Place
}

// Write makes a file by itself, as fs.writeFile does.
type Write struct {
	Path     string // absolute
	Contents []byte
	Place    Place
}

// Call is the use of a module that became part of no stream: "webpack" and "rollup", which
// write files by themselves, and any module that is not known.
type Call struct{ Op *Op }

// WritesItself reports whether the module writes what it makes: "webpack", "rollup".
func (c *Call) WritesItself() bool { return c.Op.Plugin == "webpack" || c.Op.Plugin == "rollup" }

// Destinations are the folders that the module writes into by itself.
func (c *Call) Destinations() []string {
	if !c.WritesItself() {
		return nil
	}
	var dirs []string
	for _, arg := range c.Op.Args {
		o, _ := arg.(*Object)
		for _, from := range []*Object{o, o.object("output")} {
			dirs = append(dirs, Texts(from.Get("path"))...)
			dirs = append(dirs, Texts(from.Get("dir"))...)
			for _, key := range []string{"file", "dest"} {
				if file, ok := from.Get(key).(string); ok {
					dirs = append(dirs, path.Dir(file))
				}
			}
		}
	}
	return dirs
}

// Watch does its work when a file that matches changes.
type Watch struct {
	Globs []string
	Work  Work // nil = only what the server does with changes
	Place Place
}

// Server is a development server that was started.
type Server struct {
	// Kind is the module: "browser-sync", "gulp-connect", "gulp-webserver",
	// "gulp-live-server", "gulp-express", "gulp-nodemon", …; "express" and "http" are the
	// gulpfile's own.
	Kind string
	// Options are the arguments of the call that started it. Of a server that folders are
	// piped into ("gulp-webserver") the last is the list of their globs. "express" has one
	// object: its port, and in use the arguments of each call of use. The middleware of
	// "gulp-connect" is the list that its function made.
	Options []Value
	Place   Place
}

// Command is a program that was to be run ("child_process", "gulp-shell").
type Command struct {
	Line  string
	Place Place
}

// Start runs tasks from inside a function ("gulp.start", "run-sequence").
type Start struct {
	Work  Work
	Place Place
}

func (*Stream) action()  {}
func (*Delete) action()  {}
func (*Write) action()   {}
func (*Call) action()    {}
func (*Watch) action()   {}
func (*Server) action()  {}
func (*Command) action() {}
func (*Start) action()   {}

// Value is an argument: nil, bool, float64, string, []Value, *Object, *Regexp, *Func,
// *Op (a transformation that was not piped yet, as gulp-if takes them) or *Stream.
type Value any

// Object is a JavaScript object, its keys in their order.
type Object struct {
	Keys   []string
	Values map[string]Value
}

// Get returns the value of a key; nil for a missing key or a nil Object.
func (o *Object) Get(key string) Value {
	if o == nil {
		return nil
	}
	return o.Values[key]
}

// object is Get for a key that holds an object; nil for anything else.
func (o *Object) object(key string) *Object {
	inner, _ := o.Get(key).(*Object)
	return inner
}

// Regexp is a JavaScript regular expression.
type Regexp struct {
	Source, Flags string
	// Test is the engine's own: Go's expressions are not JavaScript's.
	Test func(s string) bool
	// Replace is String.prototype.replace with this expression; with is a string or a *Func.
	Replace func(s string, with Value) (string, error)
}

// Func is a function of the gulpfile. Call runs it in the engine, bounded in time;
// arguments may also be *File, which the function sees as a vinyl file. What the function
// does to an *Object or a *File it was given (gulp-rename's changes the parts of a path)
// is done to that Go value: the caller gives it one of its own. A Func that the caller made
// with nothing but a Call is a callback to the function; it must not call back into the plan.
type Func struct {
	Name  string
	Place Place
	Call  func(args ...Value) (Value, error)
}

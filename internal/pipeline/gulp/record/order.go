package record

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// developing are the names of tasks that people develop with. Functions share variables
// ("production" sets isProduction), so they are recorded in the order in which a run of
// the first of these calls them; the others follow.
var developing = [...]string{
	"serve", "server", "dev", "develop", "development", "start", "watch", "serve:dev", "serve-dev", "default",
	"connect", "webserver", "browser-sync", "browserSync", "browsersync", "live", "run",
}

// recordTasks calls the functions of all tasks, each once.
func (e *engine) recordTasks() {
	w := &walk{e: e, seen: map[gulp.Work]bool{}}
	for _, name := range developing {
		w.task(name)
	}
	w.watches()
	for i := 0; i < len(e.taskOrder); i++ { // tasks may define tasks
		w.task(e.taskOrder[i])
	}
	w.actions(e.top.Actions)
	w.watches()
}

// walk goes through work in the order of a run.
type walk struct {
	e     *engine
	seen  map[gulp.Work]bool
	later []gulp.Work // what watches do, which comes after all else
}

func (w *walk) task(name string) {
	t, ok := w.e.tasks[name]
	if !ok || w.seen[gulp.TaskName(name)] {
		return
	}
	w.seen[gulp.TaskName(name)] = true
	w.work(t.Work)
}

func (w *walk) work(work gulp.Work) {
	if work == nil || w.e.interrupted() {
		return
	}
	if name, ok := work.(gulp.TaskName); ok {
		w.task(string(name))
		return
	}
	if w.seen[work] {
		return
	}
	w.seen[work] = true
	switch work := work.(type) {
	case *gulp.Series:
		for _, part := range work.Of {
			w.work(part)
		}
	case *gulp.Parallel:
		for _, part := range work.Of {
			w.work(part)
		}
	case *gulp.Body:
		w.e.record(work)
		w.actions(work.Actions)
	}
}

func (w *walk) actions(list []gulp.Action) {
	for _, a := range list {
		switch a := a.(type) {
		case *gulp.Start:
			w.work(a.Work)
		case *gulp.Watch:
			w.later = append(w.later, a.Work)
		}
	}
}

func (w *walk) watches() {
	for len(w.later) > 0 {
		work := w.later[0]
		w.later = w.later[1:]
		w.work(work)
	}
}

// record calls a body's function and everything that it leaves to be done.
func (e *engine) record(b *gulp.Body) {
	p, ok := e.todo[b]
	if !ok {
		return
	}
	delete(e.todo, b)
	outer := e.body
	e.body = b
	defer func() { e.body = outer }()
	e.lastPlace = b.Place
	args, mistakes := []goja.Value{e.done()}, len(e.plan.Found)
	if p.args != nil {
		args = p.args()
	}
	result, err := e.try(func() (goja.Value, error) { return p.call(goja.Undefined(), args...) })
	if err != nil {
		e.mistake(err, "the task's function throws")
	}
	e.drain()
	e.returned(result)
	if p.args != nil {
		e.plan.Found = e.plan.Found[:mistakes] // of an event that did not happen
	}
	b.Found = slices.Clone(e.plan.Found[mistakes:])
}

// returned looks at what a task's function gave back: a promise may have failed.
func (e *engine) returned(v goja.Value) {
	if _, err := e.settled(v); err != nil {
		e.mistake(err, "the task's promise fails")
	}
}

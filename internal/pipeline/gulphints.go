package pipeline

import (
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// gulpHints is what a project's gulpfile says that counts where the pages are wired by
// our own steps.
type gulpHints struct {
	module   string              // AngularJS module of the templates; "" = ask the page
	root     string              // URL prefix of the templates; "" = "app"
	maps     bool                // the build task writes source maps
	exclude  []func(string) bool // component files that are not wired in
	bowerDir string
}

// excludes reports whether a component's file is not wired in.
func (h gulpHints) excludes(file string) bool {
	return slices.ContainsFunc(h.exclude, func(matches func(string) bool) bool { return matches(file) })
}

// hintsOf looks at the options of the plugins in a plan.
func hintsOf(plan *gulp.Plan) gulpHints {
	var h gulpHints
	for _, task := range plan.Tasks {
		plan.Ops(task.Name, func(_ *gulp.Task, op *gulp.Op) { h.read(op) })
	}
	return h
}

func (h *gulpHints) read(op *gulp.Op) {
	switch op.Plugin {
	case "gulp-angular-templatecache", "gulp-angular-templatecache.default":
		for _, arg := range op.Args {
			options, _ := arg.(*gulp.Object)
			h.module = orDefault(h.module, strings.Join(gulp.Texts(options.Get("module")), ""))
			h.root = orDefault(h.root, strings.Join(gulp.Texts(options.Get("root")), ""))
		}
	case "gulp-sourcemaps.write":
		h.maps = true
	case "wiredep.stream":
		if len(op.Args) > 0 {
			h.readWiredep(op.Args[0])
		}
	}
}

func (h *gulpHints) readWiredep(arg gulp.Value) {
	options, _ := arg.(*gulp.Object)
	h.bowerDir = orDefault(h.bowerDir, strings.Join(gulp.Texts(options.Get("directory")), ""))
	list, _ := options.Get("exclude").([]gulp.Value)
	for _, e := range append(list, options.Get("exclude")) {
		switch e := e.(type) {
		case *gulp.Regexp:
			h.exclude = append(h.exclude, e.Test)
		case string:
			h.exclude = append(h.exclude, func(file string) bool { return strings.Contains(file, e) })
		}
	}
}

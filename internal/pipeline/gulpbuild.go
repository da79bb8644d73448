package pipeline

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/nearest"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// NoTask is the BuildOptions.Task that leaves the project's own tasks aside.
const NoTask = "none"

// ownBuild is the project's build task, and what it has made.
type ownBuild struct {
	plan     *gulp.Plan
	building gulp.Building
	files    map[string][]byte // by path relative to the project
	unknown  []string
}

// title names the task in messages.
func (o *ownBuild) title() string {
	return fmt.Sprintf("%s of %s", strings.Join(o.building.Tasks, ", then "), o.plan.Gulpfile)
}

// carryOut makes the output with the project's own build task. False = there is none, or
// what it makes is no whole site; then it is told why and our own steps make the output.
// Who has named the task gets an error instead.
func (b *builder) carryOut(ctx context.Context) (bool, error) {
	own, err := b.ownTask()
	if own == nil || err != nil {
		return false, err
	}
	b.stage("gulp")
	found, err := b.runOwn(ctx, own)
	if err != nil {
		return false, err
	}
	if len(own.unknown) > 0 {
		return false, b.instead(own, found, "it needs "+strings.Join(own.unknown, ", "))
	}
	b.found = append(b.found, found...)
	if err := b.found.Err(); err != nil {
		return false, err
	}
	folder := b.siteFolder(own)
	if folder == "" {
		return false, b.instead(own, nil, "it makes no page in a folder of its own")
	}
	b.take(own, folder)
	if at, ref := b.lacking(); ref != "" {
		b.sink = newSink()
		b.tree.built = b.sink.has
		return false, b.instead(own, nil, fmt.Sprintf("its %s/%s names %s, which it does not make", folder, at, ref))
	}
	b.task = own.title()
	b.warnOfOptions()
	return true, nil
}

// ownTask finds the build task; nil = there is none to carry out. The gulpfile is
// evaluated as the project's script calls it.
func (b *builder) ownTask() (*ownBuild, error) {
	named := b.opts.Task
	if named == NoTask || b.layout.Gulp == nil && named == "" {
		return nil, nil
	}
	plan, err := recordGulpfile(b.tree.dir, gulp.Invocation{})
	if err != nil || plan == nil {
		return nil, b.noTask(plan, err)
	}
	own := &ownBuild{plan: plan, building: plan.Production(buildScripts(b.tree.dir)...), files: map[string][]byte{}}
	if named != "" {
		if plan.Task(named) == nil {
			return nil, b.noTask(plan, nil)
		}
		own.building = plan.Named(named)
	}
	if len(own.building.Tasks) == 0 {
		b.tellMistakes(plan)
		return nil, nil
	}
	if call := own.building.Invocation; !call.IsPlain() {
		if again, err := recordGulpfile(b.tree.dir, call); err == nil && again != nil {
			own.plan = again
		}
	}
	return own, nil
}

// tellMistakes says what is wrong with a gulpfile that is not carried out at all.
func (b *builder) tellMistakes(plan *gulp.Plan) {
	if b.layout.carriedOut() {
		return // its step does
	}
	for _, d := range plan.Found {
		d.Severity = diag.Warning
		b.found = append(b.found, d)
	}
}

// noTask is the answer to whoever has named a task that there is not.
func (b *builder) noTask(plan *gulp.Plan, err error) error {
	if b.opts.Task == "" {
		return nil
	}
	d := diag.Diagnostic{Severity: diag.Error, Source: "build", Message: fmt.Sprintf("there is no task %s: the project has no gulpfile", b.opts.Task)}
	switch {
	case err != nil:
		d.Message = fmt.Sprintf("there is no task %s: %v", b.opts.Task, err)
	case plan != nil:
		var names []string
		for _, t := range plan.Tasks {
			names = append(names, t.Name)
		}
		d.Path, d.Message = plan.Gulpfile, fmt.Sprintf("there is no task %s", b.opts.Task)
		d.Hint = "the tasks are " + strings.Join(names, ", ")
		if like := nearest.To(b.opts.Task, names); like != "" {
			d.Hint = "did you mean " + like + "?"
		}
	}
	return diag.List{d}
}

// runOwn does the tasks, one after the other.
func (b *builder) runOwn(ctx context.Context, own *ownBuild) (diag.List, error) {
	outputs := outputsOf(b.tree.dir, own.plan)
	runner := run.New(run.Options{
		Dir: b.tree.dir, Plan: own.plan, Outputs: outputs, Sheets: b.sheets, Hooks: hookNames(b.opts.Tasks), HookFolder: b.hookFolder(), Log: b.log,
	})
	runner.Give(handMade(b.tree, b.tree.made, outputs))
	found := slices.Clone(own.plan.Found)
	for _, task := range own.building.Tasks {
		result, err := runner.Run(ctx, task)
		if err != nil {
			return nil, fmt.Errorf("run the task %s of %s: %w", task, own.plan.Gulpfile, err)
		}
		maps.Copy(own.files, result.Files)
		for _, name := range result.Deleted {
			delete(own.files, name)
		}
		own.unknown = append(own.unknown, result.Unknown...)
		found = append(append(found, result.Diagnostics...), commandsNotRun(task, result.Commands)...)
	}
	return found, nil
}

// commandsNotRun tells of the programs that a build task would run. Tests make no files.
func commandsNotRun(task string, commands []*gulp.Command) diag.List {
	var list diag.List
	for _, c := range commands {
		if strings.HasPrefix(c.Line, "karma ") {
			continue
		}
		list = append(list, diag.Diagnostic{
			Severity: diag.Warning, Source: "gulp", Path: c.Place.File, Line: c.Place.Line, Column: c.Place.Column,
			Message: fmt.Sprintf("the task %s would run a program, which is not done here: %s", task, c.Line),
			Hint:    fmt.Sprintf("if its files are needed, write into realtimectl.yaml: pipeline: { tasks: [ { name: program, when: build, run: %q } ] }", c.Line),
		})
	}
	return list
}

// hookNames are those of the project's own commands: one that is called as a task stands
// in for what the task cannot do here.
func hookNames(tasks []Task) []string {
	var names []string
	for _, t := range tasks {
		names = append(names, t.Name)
	}
	return names
}

// hookFolder says where in the generated layer a command puts what belongs into a folder
// of the task's: below that of the finished site, under the URL.
func (b *builder) hookFolder() func(string) string {
	site := b.layout.Dist
	return func(folder string) string {
		if rest, ok := strings.CutPrefix(folder+"/", orDefault(site, "dist")+"/"); ok {
			return path.Join(b.tree.rel(b.tree.tmp), rest)
		}
		return b.layout.Gulp.hookFolder(folder)
	}
}

// handMade are the files that the project's own commands have made in the generated layer,
// where the tasks look for them: there, and below each of the folders that tasks write.
func handMade(t *tree, made map[string][]byte, outputs []string) map[string][]byte {
	files := map[string][]byte{}
	for name, data := range made {
		files[filepath.ToSlash(rooted(t.tmp, name))] = data
		for _, folder := range outputs {
			if at := rooted(rooted(t.dir, folder), name); !within(at, t.tmp) {
				files[filepath.ToSlash(at)] = data
			}
		}
	}
	return files
}

// instead says why our own steps make the output; whoever has named the task gets that as
// an error.
func (b *builder) instead(own *ownBuild, found diag.List, why string) error {
	place := own.plan.Task(own.building.Tasks[len(own.building.Tasks)-1])
	d := diag.Diagnostic{
		Severity: diag.Warning, Source: "build", Path: own.plan.Gulpfile,
		Message: fmt.Sprintf("the task %s does not make this site: %s. It is put together from what serve makes", strings.Join(own.building.Tasks, ", "), why),
		Hint:    "build.task, or --task, names another task; none says that this is how it is to be",
	}
	if place != nil && place.Place.File != "" {
		d.Path, d.Line, d.Column = place.Place.File, place.Place.Line, place.Place.Column
	}
	if b.opts.Task == "" {
		for _, told := range found { // of plugins, with their way out; mistakes are told by our own steps
			if told.Severity == diag.Warning && !slices.Contains(b.found, told) {
				b.found = append(b.found, told)
			}
		}
		b.found = append(b.found, d)
		return nil
	}
	d.Severity, d.Message = diag.Error, fmt.Sprintf("the task %s makes no site: %s", b.opts.Task, why)
	return append(found, d)
}

// siteFolder is the folder of the finished site: of those that hold nothing of the user's,
// the most likely one with a page in it. "" = there is none.
func (b *builder) siteFolder(own *ownBuild) string {
	outputs := outputsOf(b.tree.dir, own.plan)
	var candidates []string
	for _, folder := range localFolders(b.tree.dir, own.building.Folders) {
		candidates = append(candidates, coveredBy(folder, outputs))
	}
	var pages []string
	for name := range own.files {
		if path.Base(name) == "index.html" {
			pages = append(pages, path.Dir(name))
		}
	}
	slices.SortFunc(pages, func(a, b string) int {
		return 10*(strings.Count(a, "/")-strings.Count(b, "/")) + strings.Compare(a, b)
	})
	for _, folder := range append(candidates, pages...) {
		if folder != "" && !isTemporary(folder) && covered(folder, outputs) && own.hasPage(folder) {
			return folder
		}
	}
	return ""
}

// hasPage reports whether the task has made a page right in a folder.
func (o *ownBuild) hasPage(folder string) bool {
	for name, data := range o.files {
		if path.Dir(name) == folder && path.Ext(name) == ".html" && isPage(data) {
			return true
		}
	}
	return false
}

// take puts what the task has made in the folder into the output, and what the project's
// own commands have made beside it.
func (b *builder) take(own *ownBuild, folder string) {
	for name, data := range b.tree.made {
		if g := b.layout.Gulp; g != nil {
			if url, ok := g.url(b.tree.rel(rooted(b.tree.tmp, name))); ok {
				name = url
			}
		}
		b.sink.put(name, data, "")
	}
	for file, data := range own.files {
		if name, ok := strings.CutPrefix(file, folder+"/"); ok {
			b.sink.put(name, data, "")
		}
	}
}

// lacking returns the first script or stylesheet that a page of the output names and that
// is not in it.
func (b *builder) lacking() (at, ref string) {
	for _, name := range b.sink.paths() {
		if path.Ext(name) != ".html" || !isPage(b.sink.files[name]) || inPackages("/"+name) {
			continue
		}
		p := &page{out: name, base: path.Dir(name)}
		for _, tag := range htmlscan.Scan(b.sink.files[name]).Tags {
			if tag.Name == "base" {
				p.setBase(tag)
			}
			for _, r := range refsOf(tag) {
				if ref := b.lacks(p, r); ref != "" {
					return name, ref
				}
			}
		}
	}
	return "", ""
}

// lacks returns what a reference names if the output should have it and has not.
func (b *builder) lacks(p *page, r ref) string {
	if r.kind != refScript && r.kind != refStyle && r.kind != refModule || isForeign(r.url) {
		return ""
	}
	bare, _ := splitTail(r.url)
	name := p.urlPath(bare)
	if b.sink.has(name) || b.tree.isServerPath(name) {
		return ""
	}
	return bare
}

// warnOfOptions tells of options that count only where our own steps make the output.
func (b *builder) warnOfOptions() {
	var names []string
	for _, o := range []struct {
		name  string
		given bool
	}{
		{"base", b.opts.Base != "/"},
		{"target", b.opts.Target != ""},
		{"define", len(b.opts.Define) > 0},
		{"no-minify", b.opts.NoMinify},
		{"sourcemap", b.opts.SourceMap},
		{"integrity", b.opts.Integrity},
		{"analyze", b.opts.Analyze},
	} {
		if o.given {
			names = append(names, "--"+o.name)
		}
	}
	if len(names) == 0 {
		return
	}
	b.found = append(b.found, diag.Diagnostic{
		Severity: diag.Warning, Source: "build",
		Message: fmt.Sprintf("the project's own task makes the output, %s: it heeds no %s", b.task, strings.Join(names, ", ")),
		Hint:    "--task none, or build.task: none, leaves the task aside",
	})
}

package run

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// hook is the entry of realtimectl.yaml that stands in for a task, ready to be pasted: its
// command is the plugin's own tool where there is one, else gulp 4, which runs on node of
// today as gulp 3 does not.
func (c *call) hook(task string) string {
	globs, out := c.globs(), c.hookFolder(task)
	command := c.tool(globs, out)
	before, after := "", ""
	switch {
	case command != "":
	case c.r.opts.Plan.Version == 4:
		command = "npx gulp " + task
		if out != c.destination(task) {
			after = fmt.Sprintf("; what it writes into %s has to get into %s, too", c.destination(task), out)
		}
	default:
		command = "COMMAND"
		before = fmt.Sprintf("a command of its own has to write into %s what the task made: ", cmp.Or(out, ".tmp"))
	}
	on := ""
	if len(globs) > 0 {
		on = ", on: [" + quotedList(globs) + "]"
	}
	if before == "" {
		before = "let its own tool do it: "
	}
	return fmt.Sprintf("%spipeline: { tasks: [ { name: %s, run: %q%s } ] }%s", before, yamlName(task), command, on, after)
}

func quotedList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(quoted, ", ")
}

// globs lists what the stream reads, relative to the project.
func (c *call) globs() []string {
	var list []string
	walkOps(c.current, func(op *gulp.Op) {
		if !isSource(op.Plugin) || len(op.Args) == 0 {
			return
		}
		for _, g := range texts(op.Args[0]) {
			not := ""
			if rest, ok := strings.CutPrefix(g, "!"); ok && !strings.HasPrefix(g, "!(") {
				not, g = "!", rest
			}
			if path.IsAbs(g) {
				g = c.rel(g)
			}
			if g = not + strings.TrimPrefix(g, "./"); !slices.Contains(list, g) {
				list = append(list, g)
			}
		}
	})
	return list
}

// destination is the folder into which the task writes what went through this plugin.
func (c *call) destination(task string) string {
	folder := ""
	c.r.opts.Plan.Walk(task, func(_ *gulp.Task, a gulp.Action) {
		st, ok := a.(*gulp.Stream)
		if !ok || folder != "" {
			return
		}
		found := false
		walkOps(st, func(op *gulp.Op) { found = found || op == c.op })
		if dirs := st.Destinations(); found && len(dirs) > 0 {
			folder = path.Clean(dirs[0])
		}
	})
	if path.IsAbs(folder) {
		folder = c.rel(folder)
	}
	return folder
}

// hookFolder is the folder of the generated layer that stands for the destination.
func (c *call) hookFolder(task string) string {
	folder := c.destination(task)
	if c.r.opts.HookFolder != nil && folder != "" {
		return c.r.opts.HookFolder(folder)
	}
	return folder
}

// tool is the command line that does what a plugin does, as it is called here; "" = there
// is none, or none that these options have.
func (c *call) tool(globs []string, out string) string {
	in := slices.DeleteFunc(slices.Clone(globs), func(g string) bool { return strings.HasPrefix(g, "!") })
	if len(in) == 0 || out == "" {
		return ""
	}
	parent := glob.Parent(in[0])
	sources := strings.Join(in, " ") // for the shell, which knows no "**"
	if strings.Contains(sources, "**") {
		sources = parent
	}
	pattern := strings.TrimPrefix(strings.TrimPrefix(in[0], parent), "/")
	opts := object(c.arg(0))
	switch c.op.Plugin {
	case "gulp-pug", "gulp-jade", "gulp-pug-3":
		return "npx -p pug-cli@1.0.0-alpha6 pug --out " + out + flag(opts.Get("pretty"), " --pretty") + locals(opts, " -O ") + " " + sources
	case "gulp-coffee", "gulp-coffeescript":
		return "npx -p coffeescript coffee --compile" + flag(opts.Get("bare"), " --bare") + " --output " + out + " " + sources
	case "gulp-babel":
		if hasOptions(opts.Get("presets")) || hasOptions(opts.Get("plugins")) || opts.Get("modules") != nil {
			return "" // a command line knows only their names
		}
		return "npx -p @babel/core -p @babel/cli babel " + sources + " --out-dir " + out + optionList("presets", opts) + optionList("plugins", opts)
	case "gulp-postcss":
		return c.postcssTool(in, parent, out)
	case "gulp-stylus":
		return "npx -p stylus stylus" + uses(opts.Get("use"), " --use ") + flag(opts.Get("compress"), " --compress") + " " + sources + " --out " + out
	case "gulp-typescript":
		return c.typescriptTool(sources, out)
	case "gulp-nunjucks-render", "gulp-nunjucks", "gulp-nunjucks.compile":
		return "npx nunjucks-cli '" + pattern + "' -p " + parent + " -o " + out
	case "gulp-ejs":
		return "npx ejs-cli --base-dir " + parent + " '" + pattern + "' --out " + out
	case "gulp-handlebars":
		return "npx handlebars " + parent + " -e " + strings.TrimPrefix(path.Ext(in[0]), ".") + " -f " + out + "/templates.js"
	}
	return ""
}

func flag(v gulp.Value, text string) string {
	if truthy(v) {
		return text
	}
	return ""
}

// locals are the values of a template as a command line takes them.
func locals(opts *gulp.Object, option string) string {
	for _, key := range []string{"locals", "data"} {
		o := object(opts.Get(key))
		if len(keysOf(o)) == 0 {
			continue
		}
		if _, plain := data(o); plain && !strings.Contains(string(stringify(o, "")), "'") {
			return option + "'" + string(stringify(o, "")) + "'"
		}
	}
	return ""
}

// usedModules are the modules that a list of plugins names, by text or by use.
func usedModules(v gulp.Value) []string {
	var list []string
	for _, e := range values(v) {
		if inner := values(e); len(inner) > 0 {
			e = inner[0]
		}
		switch e := e.(type) {
		case string:
			list = append(list, e)
		case *gulp.Op:
			list = append(list, e.Plugin)
		}
	}
	return list
}

// hasOptions reports whether one of a list of plugins comes with options of its own.
func hasOptions(v gulp.Value) bool {
	return slices.ContainsFunc(values(v), func(e gulp.Value) bool {
		op, isOp := e.(*gulp.Op)
		return len(values(e)) > 1 || isOp && len(op.Args) > 0 && !slices.Contains([]string{"autoprefixer", "cssnano"}, op.Plugin)
	})
}

func optionList(option string, opts *gulp.Object) string {
	if list := usedModules(opts.Get(option)); len(list) > 0 {
		return " --" + option + "=" + strings.Join(list, ",")
	}
	return ""
}

func uses(v gulp.Value, option string) string {
	text := ""
	for _, name := range usedModules(v) {
		text += option + name
	}
	return text
}

// postcssTool is the command for a list of plugins; "" = one of them is the gulpfile's own,
// or has options.
func (c *call) postcssTool(in []string, parent, out string) string {
	names := usedModules(c.arg(0))
	if len(names) == 0 || len(names) < len(values(c.arg(0))) || hasOptions(c.arg(0)) {
		return ""
	}
	quoted := make([]string, len(in))
	for i, g := range in {
		quoted[i] = "'" + g + "'"
	}
	return "npx -p postcss -p postcss-cli postcss " + strings.Join(quoted, " ") + " --dir " + out + " --base " + parent + uses(c.arg(0), " --use ") + " --no-map"
}

// typescriptTool is the compiler's own command.
func (c *call) typescriptTool(sources, out string) string {
	p, err := c.tsProjectOf(c.op.Args)
	if err != nil {
		return ""
	}
	to := " --outDir " + out
	for _, key := range []string{"outFile", "out"} {
		if name := text(p.options.Get(key)); name != "" {
			to = " --outFile " + path.Join(out, name)
		}
	}
	if p.config != nil {
		return "npx -p typescript tsc -p " + cmp.Or(c.rel(p.dir), ".") + to
	}
	if module := text(p.options.Get("module")); module != "" {
		to += " --module " + strings.ToLower(module)
	}
	if !strings.ContainsAny(sources, "*") && path.Ext(sources) == "" {
		sources = "$(find " + sources + " -name '*.ts')"
	}
	return "npx -p typescript tsc" + to + " " + sources
}

func yamlName(s string) string {
	if strings.ContainsAny(s, ": #{}[],&*?|<>=!%@`'\"") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

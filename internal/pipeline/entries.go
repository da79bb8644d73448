package pipeline

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Entry is a script that a bundler makes, as the project's own files say: the page names
// Script, the author edits File and what it imports. Both are relative to the project,
// with '/'. Without a Script, the page gets File although it names no script.
type Entry struct {
	Script string
	File   string
	From   string // the file that says so
}

// readEntries looks which bundler the project runs and what it makes of what. A page whose
// script is a bundle is served, and built, from what the bundle is made of.
func (l *Layout) readEntries(dir string) {
	if l.carriedOut() || l.Kind != Plain && l.Kind != Modules {
		return
	}
	f := entryFinder{dir: dir, pkg: readPackage(dir), layout: l}
	if f.pkg.has("react-scripts") && f.createReactApp() {
		return
	}
	f.commands()
	f.programs()
	f.webpack()
	f.fields()
	f.siblings()
	for _, e := range f.found {
		if l.names(dir, e) && !f.mustStay(e) {
			l.Entries = append(l.Entries, e)
		}
	}
	if len(l.Entries) > 0 {
		l.is(Bundled, l.Entries[0].From)
	}
}

// names reports whether the page of the root URL loads what an entry becomes.
func (l *Layout) names(dir string, e Entry) bool {
	page, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(l.Src), "index.html"))
	return err == nil && (e.Script == "" || mentions(page, path.Base(e.Script)))
}

// mustStay reports whether a bundle that is there is all there is: what it is made of
// imports packages, and nobody has installed them.
func (f *entryFinder) mustStay(e Entry) bool {
	return e.Script != "" && len(f.pkg.Dependencies) > 0 &&
		exists(filepath.Join(f.dir, filepath.FromSlash(e.Script))) && !exists(filepath.Join(f.dir, "node_modules"))
}

// entryFinder gathers what a project's files say about its bundles.
type entryFinder struct {
	dir    string
	pkg    packageFile
	layout *Layout
	found  []Entry
}

// add notes an entry if its file is there, with or without its extension.
func (f *entryFinder) add(script, file, from string) bool {
	file, script = cleanLocal(file), cleanLocal(script)
	if file == "" || script == file {
		return false
	}
	for _, try := range append([]string{file}, candidates(file)...) {
		if info, err := os.Stat(filepath.Join(f.dir, filepath.FromSlash(try))); err == nil && info.Mode().IsRegular() && isScript(try) {
			f.found = append(f.found, Entry{Script: script, File: try, From: from})
			return true
		}
	}
	return false
}

// cleanLocal is a path of the user's inside the project, "" for any other.
func cleanLocal(p string) string {
	p = strings.TrimPrefix(path.Clean(filepath.ToSlash(p)), "/")
	if p == "." || !filepath.IsLocal(filepath.FromSlash(p)) {
		return ""
	}
	return p
}

// createReactApp takes the layout of Create React App, whose page names no script.
func (f *entryFinder) createReactApp() bool {
	if !exists(filepath.Join(f.dir, "public/index.html")) || !f.add("", "src/index", "package.json") {
		return false
	}
	l := f.layout
	l.is(ReactApp, "package.json")
	l.Src, l.Origin["src"] = "public", "public/index.html"
	l.Entries = f.found
	return true
}

// fields reads the entry points of package.json: what "source" names becomes what one of
// the others names.
func (f *entryFinder) fields() {
	if f.pkg.Source == "" {
		return
	}
	for _, out := range []string{f.pkg.browserFile(), f.pkg.Module, f.pkg.Main} {
		if out != "" {
			f.add(out, f.pkg.Source, "package.json")
		}
	}
}

// siblings are scripts that the page names and that are not there, while what they are made
// of lies in their place: main.js and main.ts.
func (f *entryFinder) siblings() {
	name := path.Join(f.layout.Src, "index.html")
	page, err := os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(name)))
	if err != nil {
		return
	}
	for _, m := range namedScript.FindAllSubmatch(page, -1) {
		script := path.Join(f.layout.Src, cleanLocal(string(m[1])))
		stem := strings.TrimSuffix(script, path.Ext(script))
		if exists(filepath.Join(f.dir, filepath.FromSlash(script))) {
			continue
		}
		for _, ext := range []string{".ts", ".tsx", ".jsx", ".mts"} {
			if f.add(script, stem+ext, name) {
				break
			}
		}
	}
}

// namedScript matches the script element of a local .js file.
var namedScript = regexp.MustCompile(`(?i)<script\b[^>]*\ssrc\s*=\s*["']?([\w./@-]+\.m?js)\b`)

// commands reads the bundlers' command lines among the scripts of package.json.
func (f *entryFinder) commands() {
	for _, name := range slices.Sorted(maps.Keys(f.pkg.Scripts)) {
		for _, line := range commandBreak.Split(f.pkg.Scripts[name], -1) {
			words := strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(line))
			tool := slices.IndexFunc(words, func(w string) bool { return slices.Contains(bundlers[:], w) })
			if tool >= 0 {
				f.command(words[tool+1:])
			}
		}
	}
}

var (
	commandBreak = regexp.MustCompile(`&&|\|\||[;&|]`)
	bundlers     = [...]string{"esbuild", "browserify", "watchify", "rollup", "webpack", "bun"}
)

// command reads one bundler's arguments: a flag for its output, and an input that is a
// flag's or stands alone.
func (f *entryFinder) command(args []string) {
	var inputs []string
	var out, folder string
	for i := 0; i < len(args); i++ {
		flag, value, joined := strings.Cut(args[i], "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		known := true
		switch flag {
		case "--outfile", "-o", "--file", ">":
			out = value
		case "--outdir", "--output-path":
			folder = value
		case "--output-filename":
			out = value
		case "-i", "--input", "--entry", "-e":
			inputs = append(inputs, value)
		default:
			known = false
			if !strings.HasPrefix(flag, "-") && (isScript(flag) || strings.HasPrefix(flag, "./")) {
				inputs = append(inputs, args[i])
			}
		}
		if known && !joined {
			i++
		}
	}
	f.outputs(inputs, out, folder, "package.json")
}

// outputs notes what inputs become: one file, or files of a folder.
func (f *entryFinder) outputs(inputs []string, out, folder, from string) {
	if out != "" && len(inputs) > 0 {
		if folder != "" {
			out = path.Join(folder, out)
		}
		f.add(out, inputs[0], from)
		return
	}
	for _, in := range inputs {
		if folder != "" {
			f.add(path.Join(folder, replaceExt(path.Base(in), ".js")), in, from)
		}
	}
}

// programs reads what build programs tell esbuild, and what rollup's configuration says,
// as far as it is written out.
func (f *entryFinder) programs() {
	names, _ := fs.Glob(os.DirFS(f.dir), "*.*js") // the pattern is right
	for _, name := range names {
		text, err := readSmall(filepath.Join(f.dir, name))
		isRollup := strings.HasPrefix(name, "rollup.config.")
		if err != nil || !isRollup && !esbuildImport.Match(text) {
			continue
		}
		f.outputs(first(entryPoints, text), joinFirst(outfile, text), joinFirst(outdir, text), name)
	}
}

var (
	esbuildImport = regexp.MustCompile(`(?:from|require\()\s*['"]esbuild['"]`)
	entryPoints   = regexp.MustCompile(`\b(?:entryPoints|input|entry)\s*:\s*\[?\s*['"]([^'"]+)['"]`)
	outfile       = regexp.MustCompile(`\b(?:outfile|file)\s*:\s*['"]([^'"]+)['"]`)
	outdir        = regexp.MustCompile(`\b(?:outdir|dir)\s*:\s*['"]([^'"]+)['"]`)

	webpackEntry    = regexp.MustCompile(`\bentry\s*:\s*(?:\{\s*['"]?[\w-]+['"]?\s*:\s*)?\[?\s*['"]([^'"]+)['"]`)
	webpackFilename = regexp.MustCompile(`\bfilename\s*:\s*['"]([^'"\[]+)['"]`)
	webpackPath     = regexp.MustCompile(`\bpath\s*:\s*[\w.]*\(?\s*(?:__dirname|import\.meta\.dirname)?[\s,+]*['"]([^'"]+)['"]`)
	webpackTemplate = regexp.MustCompile(`\btemplate\s*:\s*[\w.]*\(?\s*(?:__dirname)?[\s,+]*['"]([^'"]+\.html)['"]`)
)

func first(re *regexp.Regexp, text []byte) []string {
	if m := re.FindSubmatch(text); m != nil {
		return []string{string(m[1])}
	}
	return nil
}

func joinFirst(re *regexp.Regexp, text []byte) string { return strings.Join(first(re, text), "") }

// webpack reads webpack's configuration as far as it is written out, with its defaults. A
// page that is a template of it gets the script.
func (f *entryFinder) webpack() {
	if !f.pkg.has("webpack") {
		return
	}
	name, text := "package.json", []byte{}
	if configs, _ := fs.Glob(os.DirFS(f.dir), "webpack.config.*"); len(configs) > 0 {
		name = configs[0]
		text, _ = readSmall(filepath.Join(f.dir, name)) // unreadable: its defaults
	}
	entry := orDefault(joinFirst(webpackEntry, text), "src/index")
	out := path.Join(orDefault(joinFirst(webpackPath, text), "dist"), orDefault(joinFirst(webpackFilename, text), "main.js"))
	if template := cleanLocal(joinFirst(webpackTemplate, text)); template != "" && exists(filepath.Join(f.dir, filepath.FromSlash(template))) {
		f.layout.Src, f.layout.Origin["src"] = path.Dir(template), name
		out = ""
	}
	f.add(out, entry, name)
}

// browserFile is the field "browser" where it names one file.
func (p packageFile) browserFile() string {
	var name string
	if json.Unmarshal(p.Browser, &name) != nil {
		return "" // it exchanges files, which the bundler knows
	}
	return name
}

// entryFile returns the source of a script that a page names: what a bundler makes of it,
// or a script that only its missing type keeps from being a module.
func (t *tree) entryFile(at string, r *ref) (string, bool) {
	if r.kind != refScript && r.kind != refModule || len(t.entries) == 0 && !t.promote {
		return "", false
	}
	_, there := t.find(at)
	for _, e := range t.entries {
		made := e.Script == "" && at == e.File || e.Script != "" && t.url(rooted(t.dir, e.Script)) == at
		if made || !there && e.Script != "" && path.Base(e.Script) == path.Base(at) {
			return rooted(t.dir, e.File), true
		}
	}
	if _, old := r.tag.Attr("nomodule"); r.kind != refScript || !t.promote || old {
		return "", false
	}
	file, ok := t.find(at)
	return file, ok && !inPackages(file) && t.isModule(file)
}

// moduleSyntax matches what no script but a module has, and here and there a comment.
var moduleSyntax = regexp.MustCompile(`(?m)^\s*(?:import\s*(?:[\w$*{"']|$)|export\s*[{*]|export\s+(?:default|const|let|var|function|class|async)\b)`)

// isModule reports whether browsers take a script only as a module, if at all.
func (t *tree) isModule(file string) bool {
	if needsCompiling(file) {
		return true
	}
	src, err := t.read(file)
	return err == nil && isScript(file) && moduleSyntax.Match(src) && isESM(src)
}

// withEntry gives the page of the root URL the script that its bundler puts into it.
func (t *tree) withEntry(file string, src []byte) []byte {
	if t.url(file) != "index.html" {
		return src
	}
	for _, e := range t.entries {
		if e.Script != "" {
			continue
		}
		tag := `<script type="module" src="/` + e.File + `"></script>`
		if at := strings.LastIndex(strings.ToLower(string(src)), "</body"); at >= 0 {
			return slices.Concat(src[:at], []byte(tag), src[at:])
		}
		return append(slices.Clone(src), tag...)
	}
	return src
}

// entryFolders are the folders, absolute, of scripts that are sources although no URL leads
// to them: those of the entries, as far as they lie outside of what is served.
func (t *tree) entryFolders() []string {
	var dirs []string
	for _, e := range t.entries {
		top, _, _ := strings.Cut(e.File, "/")
		if top == e.File {
			top = "."
		}
		if dir := absIn(t.dir, top); !within(rooted(t.dir, e.File), t.src) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// isEntrySource reports whether a file is one of those scripts.
func (t *tree) isEntrySource(file string) bool {
	return slices.ContainsFunc(t.entryFolders(), func(dir string) bool { return within(file, dir) })
}

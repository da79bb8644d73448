package bower

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// npmScope is how yarn keeps Bower components among its packages.
const npmScope = "@bower_components/"

// npmPackage is the part of a package.json that counts: the project's, and a package's.
type npmPackage struct {
	Name         string          `json:"name"`
	Main         json.RawMessage `json:"main"`
	Browser      json.RawMessage `json:"browser"` // a file, or replacements of files
	Unpkg        string          `json:"unpkg"`
	JSDelivr     string          `json:"jsdelivr"`
	Style        json.RawMessage `json:"style"`
	Sass         string          `json:"sass"`
	Less         string          `json:"less"`
	Dependencies ordered         `json:"dependencies"`
	Peers        ordered         `json:"peerDependencies"`

	// Wiredep is what a project says over what its packages say: "overrides" as in
	// bower.json, and "exclude", regular expressions for files.
	Wiredep struct {
		Overrides map[string]npmOverride `json:"overrides"`
		Exclude   []string               `json:"exclude"`
	} `json:"wiredep"`
}

type npmOverride struct {
	Main         json.RawMessage `json:"main"`
	Dependencies *ordered        `json:"dependencies"`
}

// npmResolver walks packages.
type npmResolver struct {
	resolver
	project npmPackage
	direct  map[string]bool // what the project asks for
	wanted  map[string]bool // and what that needs: a page without it lacks something
}

// ResolveNPM reads the package.json of the project at dir, an absolute path, and finds the
// files that its dependencies bring into a page. What a package of npm means for a page it
// says less clearly than a component of Bower. It counts, in this order:
//
//   - what the project says: "wiredep": {"overrides": {"name": {"main": …,
//     "dependencies": {…}}}} in its package.json; an empty main brings nothing;
//   - the main of a bower.json that the package has as well;
//   - unpkg, jsdelivr, a browser that is a file, and main, if that is a script that browsers
//     run as it is;
//   - files named like the package, in it, in dist, dist/js, build, release and lib;
//   - for styles: style, sass, less, and files named like the package.
//
// Of what a package needs come first its peers, and those dependencies that its script asks
// for where it looks for its surroundings; others are inside of it.
func ResolveNPM(dir string, opts Options) (*Result, error) {
	if opts.Files == nil {
		opts.Files = disk{}
	}
	r := &npmResolver{
		resolver: resolver{opts: opts, dir: dir, result: &Result{Directory: filepath.Join(dir, "node_modules")}, visited: map[string]bool{}},
		direct:   map[string]bool{}, wanted: map[string]bool{},
	}
	if err := readJSON(opts.Files, filepath.Join(dir, "package.json"), &r.project); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return r.result, nil
		}
		return nil, err
	}
	if err := r.exclude(); err != nil {
		return nil, err
	}
	for _, name := range r.project.Dependencies {
		r.direct[name], r.wanted[name] = true, true
	}
	for _, name := range r.project.Dependencies {
		if err := r.visit(name); err != nil {
			return nil, err
		}
	}
	r.collect()
	return r.result, nil
}

// exclude adds the project's own expressions to the caller's.
func (r *npmResolver) exclude() error {
	given := r.opts.Exclude
	for _, source := range r.project.Wiredep.Exclude {
		re, err := regexp.Compile(source)
		if err != nil {
			return fmt.Errorf("read package.json: wiredep.exclude: %w", err)
		}
		before := given
		given = func(file string) bool { return before != nil && before(file) || re.MatchString(file) }
	}
	r.opts.Exclude = given
	return nil
}

// visit adds a package behind what it needs.
func (r *npmResolver) visit(name string) error {
	if r.visited[name] {
		return nil
	}
	r.visited[name] = true
	dir := filepath.Join(r.result.Directory, filepath.FromSlash(name))
	var pkg npmPackage
	if err := readJSON(r.opts.Files, filepath.Join(dir, "package.json"), &pkg); errors.Is(err, fs.ErrNotExist) {
		return r.component(name, dir)
	} else if err != nil {
		return err
	}
	if strings.HasPrefix(name, npmScope) {
		return r.component(name, dir)
	}
	files := r.files(name, dir, pkg)
	needs := r.needs(name, pkg, files)
	for _, need := range needs {
		r.wanted[need] = r.wanted[need] || len(files) > 0
		if err := r.visit(need); err != nil {
			return err
		}
	}
	r.add(name, dir, files, needs)
	return nil
}

// add puts a package behind those that were found before it.
func (r *npmResolver) add(name, dir string, files, needs []string) {
	if o, ok := r.project.Wiredep.Overrides[name]; len(files) == 0 && r.wanted[name] && !r.excluded(dir) && (!ok || o.Main == nil || len(patternsOf(o.Main)) > 0) {
		r.result.Empty = append(r.result.Empty, name)
	}
	r.found = append(r.found, component{name: name, files: files, needs: needs})
}

// component visits a component of Bower that was installed as a package.
func (r *npmResolver) component(name, dir string) error {
	desc, ok, err := describe(r.opts.Files, dir)
	if err != nil {
		return err
	}
	if !ok {
		if r.wanted[name] {
			r.result.Missing = append(r.result.Missing, name)
		}
		return nil
	}
	o := r.project.Wiredep.Overrides[name]
	if o.Main != nil {
		desc.Main = o.Main
	}
	if o.Dependencies != nil {
		desc.Dependencies = *o.Dependencies
	}
	var needs []string
	for _, need := range desc.Dependencies {
		if _, found, _ := describe(r.opts.Files, filepath.Join(r.result.Directory, filepath.FromSlash(npmScope+need))); found {
			need = npmScope + need
		}
		needs = append(needs, need)
		if err := r.visit(need); err != nil {
			return err
		}
	}
	r.add(name, dir, mainFiles(r.opts.Files, dir, desc), needs)
	return nil
}

// files returns what a package brings, by the first source that says something.
func (r *npmResolver) files(name, dir string, pkg npmPackage) []string {
	if o := r.project.Wiredep.Overrides[name]; o.Main != nil {
		return r.matches(dir, patternsOf(o.Main))
	}
	var own description
	if readJSON(r.opts.Files, filepath.Join(dir, "bower.json"), &own) == nil && own.Main != nil {
		if files := r.matches(dir, patternsOf(own.Main)); len(files) > 0 {
			return files
		}
	}
	var files []string
	if script := r.script(name, dir, pkg); script != "" {
		files = append(files, script)
	}
	for _, f := range r.matches(dir, slices.Concat(sheetsIn(pkg.Main), patternsOf(pkg.Style), given(pkg.Sass), given(pkg.Less))) {
		if !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	if slices.ContainsFunc(files, func(f string) bool { return path.Ext(f) == ".css" }) {
		return files
	}
	for _, p := range namedLike(name, ".css", "", "dist", "dist/css", "build", "css") {
		if f := r.matches(dir, []string{p}); len(f) > 0 {
			return append(files, f[0])
		}
	}
	return files
}

func given(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func patternsOf(raw json.RawMessage) []string {
	list, _ := stringOrList(raw)
	return list
}

// sheetsIn are the sheets among the main files.
func sheetsIn(main json.RawMessage) []string {
	return slices.DeleteFunc(patternsOf(main), func(p string) bool {
		return !slices.Contains([]string{".css", ".scss", ".sass", ".less"}, path.Ext(p))
	})
}

func (r *npmResolver) matches(dir string, patterns []string) []string {
	var files []string
	for _, p := range patterns {
		files = append(files, match(r.opts.Files, dir, p)...)
	}
	return files
}

// script returns the script of a package that browsers run as it is; "" = none is found.
func (r *npmResolver) script(name, dir string, pkg npmPackage) string {
	candidates := slices.Concat(given(pkg.Unpkg), given(pkg.JSDelivr))
	var browser string
	if json.Unmarshal(pkg.Browser, &browser) == nil {
		candidates = append(candidates, browser)
	}
	mains := patternsOf(pkg.Main)
	if mains == nil {
		mains = []string{"index.js"}
	}
	for _, main := range mains {
		candidates = append(candidates, main, main+".js")
	}
	candidates = append(candidates, namedLike(name, ".js", "", "dist", "dist/js", "build", "release", "lib", "dist/umd", "umd")...)
	candidates = append(candidates, namedLike(name, ".umd.js", "dist", "")...)
	candidates = append(candidates, namedLike(name, ".min.js", "", "dist", "dist/js", "build", "release")...)
	for _, main := range mains {
		candidates = append(candidates, r.relays(dir, main)...)
	}
	for _, c := range candidates {
		for _, f := range r.matches(dir, []string{c}) {
			if path.Ext(f) == ".js" && r.runsInBrowsers(f) {
				return r.readable(f)
			}
		}
	}
	return ""
}

// relays are the files of the package that a main file does no more than ask for.
func (r *npmResolver) relays(dir, main string) []string {
	var all []string
	for _, f := range r.matches(dir, []string{main, main + ".js", path.Join(main, "index.js")}) {
		src, err := r.opts.Files.Read(f)
		if err != nil || len(src) > headSize {
			continue
		}
		from, err := filepath.Rel(dir, filepath.Dir(f))
		if err != nil {
			continue
		}
		for _, m := range requireCall.FindAllSubmatch(src, -1) {
			if asked := string(m[1]); strings.HasPrefix(asked, ".") {
				file := path.Join(filepath.ToSlash(from), asked)
				all = append(all, file, file+".js")
			}
		}
	}
	return all
}

// readable returns the script that a minified one was made of, if it lies beside it: while
// people develop they want to read it, and a build minifies by itself.
func (r *npmResolver) readable(file string) string {
	long := strings.TrimSuffix(file, ".min.js") + ".js"
	if long != file && strings.HasSuffix(file, ".min.js") && r.runsInBrowsers(long) {
		return long
	}
	return file
}

// namedLike returns the paths of files that are called like a package, in some folders.
func namedLike(name, ext string, folders ...string) []string {
	base := path.Base(name)
	names := []string{base}
	for _, suffix := range []string{".js", "-js", "js", "-client"} {
		if short, ok := strings.CutSuffix(base, suffix); ok && short != "" {
			names = append(names, strings.TrimRight(short, ".-"))
		}
	}
	var all []string
	for _, folder := range folders {
		for _, n := range names {
			all = append(all, path.Join(folder, n+ext))
		}
	}
	return all
}

var (
	moduleSyntax = regexp.MustCompile(`(?m)^\s*(?:import(?:\s+[\w*]|\s*[{'"])|export\s+(?:default|const|let|var|function|class|async|\{|\*))|^\s*export\s*\{`)
	requireCall  = regexp.MustCompile(`\brequire\(\s*['"]([^'"]+)['"]`)
	exportsUse   = regexp.MustCompile(`\b(?:module\.)?exports\b`)
	surroundings = regexp.MustCompile(`typeof\s+(?:define|exports|module|window|self|globalThis)|['"](?:undefined|object|function)['"]\s*[!=]==?\s*typeof\s+(?:define|exports|module|window|self)`)
	defineCall   = regexp.MustCompile(`\bdefine\(\s*(?:['"][^'"]*['"]\s*,\s*)?\[([^\]]*)\]`)
	jQueryUse    = regexp.MustCompile(`\bjQuery\b`)
	angularUse   = regexp.MustCompile(`\bangular\.module\(`)
	quoted       = regexp.MustCompile(`['"]([^'"]+)['"]`)
)

// runsInBrowsers tells a script that stands alone, or asks for its surroundings first, from
// one that needs a module system.
func (r *npmResolver) runsInBrowsers(file string) bool {
	src, err := r.opts.Files.Read(file)
	if err != nil || moduleSyntax.Match(src) {
		return false
	}
	if surroundings.Match(src) {
		return true
	}
	return !requireCall.Match(src) && !exportsUse.Match(src)
}

// headSize is how far a script looks for its surroundings.
const headSize = 4 << 10 // bytes

// needs returns what has to load before a package.
func (r *npmResolver) needs(name string, pkg npmPackage, files []string) []string {
	if o := r.project.Wiredep.Overrides[name]; o.Dependencies != nil {
		return *o.Dependencies
	}
	asked := map[string]bool{}
	var needs []string
	for _, f := range files {
		src, err := r.opts.Files.Read(f)
		if err != nil || path.Ext(f) != ".js" {
			continue
		}
		for _, global := range []string{"jquery", "angular"} {
			if r.direct[global] && name != global && usesGlobal(global, src) && !slices.Contains(needs, global) {
				needs = append(needs, global)
			}
		}
		head := src[:min(len(src), headSize)]
		for _, m := range requireCall.FindAllSubmatch(head, -1) {
			asked[string(m[1])] = true
		}
		for _, list := range defineCall.FindAllSubmatch(head, -1) {
			for _, m := range quoted.FindAllSubmatch(list[1], -1) {
				asked[string(m[1])] = true
			}
		}
	}
	for _, need := range slices.Concat(pkg.Peers, pkg.Dependencies) {
		peer := slices.Contains(pkg.Peers, need) && r.installed(need)
		if !slices.Contains(needs, need) && (peer || asked[need] || r.direct[need]) {
			needs = append(needs, need)
		}
	}
	return needs
}

// usesGlobal reports whether a script uses what another one puts into the page and that few
// packages say they need.
func usesGlobal(name string, src []byte) bool {
	if name == "jquery" {
		return jQueryUse.Match(src)
	}
	return angularUse.Match(src)
}

func (r *npmResolver) installed(name string) bool {
	_, err := r.opts.Files.Read(filepath.Join(r.result.Directory, filepath.FromSlash(name), "package.json"))
	return err == nil
}

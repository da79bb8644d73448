package pipeline

import (
	"encoding/json"
	"maps"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// quoted is a value as an expression of JavaScript.
func quoted(value any) string {
	text, _ := json.Marshal(value) // strings and maps of them always marshal
	return string(text)
}

// moduleLoaders are the languages of files by their extension, beside those that the
// bundler knows. JSX in .js is common where bundlers were told to take it.
func moduleLoaders() map[string]api.Loader {
	return map[string]api.Loader{".htm": api.LoaderText, ".html": api.LoaderText, ".js": api.LoaderJSX}
}

// moduleLoader is the language of a module.
func moduleLoader(name string) api.Loader {
	if loader := loaderFor(name); loader != api.LoaderJS {
		return loader
	}
	if path.Ext(name) == ".js" {
		return api.LoaderJSX
	}
	return api.LoaderJS
}

// jsx says what JSX becomes where no tsconfig.json does: calls into the library that the
// project depends on.
func (t *tree) jsx() (mode api.JSX, source string) {
	pkg := readPackage(t.dir)
	for _, name := range []string{"preact", "react"} {
		if pkg.has(name) {
			return api.JSXAutomatic, name
		}
	}
	return api.JSXTransform, ""
}

// defaultOf is what a default import of a CommonJS module gives: for a project that says
// its files are ES modules, what node gives; else what compilers have agreed on.
func (t *tree) defaultOf() string {
	var pkg struct{ Type string }
	if err := readJSON(filepath.Join(t.dir, "package.json"), &pkg); err == nil && pkg.Type == "module" {
		return "m"
	}
	return "m && m.__esModule ? m.default : m"
}

// isForeignModule reports whether browsers fetch what a script imports from elsewhere.
func isForeignModule(name string) bool {
	for _, scheme := range []string{"http:", "https:", "//", "data:", "blob:"} {
		if strings.HasPrefix(name, scheme) {
			return true
		}
	}
	return false
}

// findModule returns the file that a script means by a URL path: what is there, what it
// was compiled from, or what is left when an extension is left out.
func (t *tree) findModule(urlPath string) (file string, ok bool) {
	if file, ok = t.find(urlPath); ok {
		return file, true
	}
	for _, try := range candidates(urlPath) {
		if file, ok = t.find(try); ok {
			return file, true
		}
	}
	return "", false
}

// candidates are the names that a module may mean by a path that is no file, in the
// bundler's order.
func candidates(name string) []string {
	var list []string
	for _, ext := range []string{".tsx", ".ts", ".jsx", ".js", ".css", ".json"} {
		list = append(list, name+ext)
	}
	stem := strings.TrimSuffix(name, path.Ext(name))
	switch path.Ext(name) { // TypeScript names what it will be compiled to
	case ".js", ".jsx":
		list = append(list, stem+".ts", stem+".tsx")
	case ".mjs":
		list = append(list, stem+".mts")
	case ".cjs":
		list = append(list, stem+".cts")
	}
	for _, ext := range []string{".tsx", ".ts", ".jsx", ".js", ".css", ".json"} {
		list = append(list, name+"/index"+ext)
	}
	return list
}

// relTmp is a path of the generated layer, below it.
func (t *tree) relTmp(file string) string {
	rel, err := filepath.Rel(t.tmp, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}

// withDefines lays the user's names over those that are common.
func withDefines(common, own map[string]string) map[string]string {
	maps.Copy(common, own)
	return common
}

// isESM reports whether a script is written as an ES module.
func isESM(src []byte) bool {
	result := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{Contents: string(src), Loader: api.LoaderJSX}, Metafile: true, LogLevel: api.LogLevelSilent,
	})
	var meta packageMeta
	return json.Unmarshal([]byte(result.Metafile), &meta) == nil && meta.Inputs["<stdin>"].Format == "esm"
}

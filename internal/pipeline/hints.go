package pipeline

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

var (
	unresolved = regexp.MustCompile(`^Could not resolve "(.+)"$`)
	noLoader   = regexp.MustCompile(`^No loader is configured for "(\.\w+)" files`)
)

// hint is the way out of one of the bundler's messages, in the terms of this program; ""
// if the message has none.
func (t *tree) hint(msg api.Message) string {
	if m := unresolved.FindStringSubmatch(msg.Text); m != nil {
		return t.unresolvedHint(m[1], msg)
	}
	if m := noLoader.FindStringSubmatch(msg.Text); m != nil {
		return t.loaderHint()
	}
	if strings.Contains(msg.Text, "configured target environment") {
		return "raise --target, to es2022 or to newer browsers, or write it in older words"
	}
	for _, n := range msg.Notes {
		if n.Location == nil {
			return lowerFirst(strings.TrimSuffix(n.Text, "."))
		}
	}
	return ""
}

// unresolvedHint says how to get what an import does not find.
func (t *tree) unresolvedHint(name string, msg api.Message) string {
	for _, n := range msg.Notes {
		if strings.Contains(n.Text, "built into node") {
			return "it is a part of node, and browsers have nothing like it"
		}
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "#") {
		return "there is no such file, with or without an extension"
	}
	pkg := packageOf(name)
	if exists(filepath.Join(t.dir, "node_modules", filepath.FromSlash(pkg))) {
		return fmt.Sprintf("the package %s is installed and gives nothing under that name", pkg)
	}
	if readPackage(t.dir).has(pkg) {
		return fmt.Sprintf("%s is in package.json and not installed: %s install", pkg, t.packageManager())
	}
	add := "add"
	if t.packageManager() == "npm" {
		add = "install"
	}
	return fmt.Sprintf("install the package: %s %s %s", t.packageManager(), add, pkg)
}

// packageOf is the package that an import names: "a" of "a/b", "@s/a" of "@s/a/b".
func packageOf(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if strings.HasPrefix(name, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// packageManager is the program that the project's lock file belongs to.
func (t *tree) packageManager() string {
	for _, m := range []struct{ file, program string }{
		{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}, {"bun.lock", "bun"}, {"bun.lockb", "bun"},
	} {
		if exists(filepath.Join(t.dir, m.file)) {
			return m.program
		}
	}
	return "npm"
}

// loaderHint says what becomes of a language that is none of browsers'.
func (t *tree) loaderHint() string {
	const command = "let a command make .js of it (pipeline.tasks)"
	if t.vite {
		return "only its own compiler can read it: put this program in front of Vite (serve.target), or " + command
	}
	return "only its own compiler can read it: " + command
}

// viteGlob is the one call of Vite's that no bundler but Vite understands, and that fails
// only in the page.
var viteGlob = regexp.MustCompile(`\bimport\.meta\.glob(?:Eager)?\s*\(`)

// viteOnly returns a message for what only Vite can do.
func viteOnly(file string, src []byte) []api.Message {
	at := viteGlob.FindIndex(src)
	if at == nil {
		return nil
	}
	before := string(src[:at[0]])
	start := strings.LastIndex(before, "\n") + 1
	line, _, _ := strings.Cut(string(src[start:]), "\n")
	return []api.Message{{
		Text:     "import.meta.glob is a feature of Vite alone",
		Notes:    []api.Note{{Text: "write the imports out, or put this program in front of Vite (serve.target)"}},
		Location: &api.Location{File: file, Line: 1 + strings.Count(before, "\n"), Column: at[0] - start, LineText: line},
	}}
}

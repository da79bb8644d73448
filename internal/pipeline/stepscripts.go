package pipeline

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// scriptsStep makes plain scripts of TypeScript and JSX in projects whose pages load
// scripts one by one. Plain scripts are served as they are.
type scriptsStep struct {
	compiled map[string]compiledScript // by absolute file
}

// compiledScript is what a script became, and of what.
type compiledScript struct {
	src   []byte
	code  []byte // of the last version without a mistake; nil = there was none
	found diag.List
}

func newScriptsStep() *scriptsStep { return &scriptsStep{compiled: map[string]compiledScript{}} }

// Name returns "scripts".
func (s *scriptsStep) Name() string { return "scripts" }

// Concerns is true for TypeScript and JSX.
func (s *scriptsStep) Concerns(p string) bool { return needsCompiling(p) }

func needsCompiling(p string) bool {
	switch path.Ext(p) {
	case ".ts", ".tsx", ".jsx":
		return !strings.HasSuffix(p, ".d.ts")
	}
	return false
}

// Run compiles every such file for itself, again only when it is another.
func (s *scriptsStep) Run(ctx context.Context, w *Work) error {
	w.sound = true // one file's mistake is not the others'
	for _, file := range w.Sources() {
		name := w.URL(file)
		if !needsCompiling(name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		src, err := w.Read(file)
		if err != nil {
			return err
		}
		made, ok := s.compiled[file]
		if !ok || !bytes.Equal(made.src, src) {
			made = compileScript(w, file, src, made.code)
			s.compiled[file] = made
		}
		for _, d := range made.found {
			w.Report(d)
		}
		if made.code != nil {
			w.Emit(replaceExt(name, ".js"), made.code)
		}
	}
	return nil
}

// compileScript compiles one script; with a mistake it stays what it was.
func compileScript(w *Work, file string, src, last []byte) compiledScript {
	result := api.Transform(string(src), api.TransformOptions{
		Sourcefile: w.Rel(file), Loader: loaderFor(file), Sourcemap: api.SourceMapInline,
		Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent, LogLimit: maxMessages,
	})
	made := compiledScript{src: src, code: last, found: messenger{tree: w.tree}.messages(result.Errors, result.Warnings)}
	if len(result.Errors) == 0 {
		made.code = result.Code
	}
	return made
}

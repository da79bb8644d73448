package pipeline

import (
	"context"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// scriptsStep makes plain scripts of TypeScript and JSX in projects whose pages load
// scripts one by one. Plain scripts are served as they are.
type scriptsStep struct {
	last map[string][]byte // what files became when they had no mistake
}

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

// Run compiles every such file for itself.
func (s *scriptsStep) Run(_ context.Context, w *Work) error {
	w.sound = true // one file's mistake is not the others'
	m := messenger{tree: w.tree}
	for _, file := range w.Sources() {
		name := w.URL(file)
		if !needsCompiling(name) {
			continue
		}
		src, err := w.Read(file)
		if err != nil {
			return err
		}
		result := api.Transform(string(src), api.TransformOptions{
			Sourcefile: w.Rel(file), Loader: loaderFor(name), Sourcemap: api.SourceMapInline,
			Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent, LogLimit: maxMessages,
		})
		for _, d := range m.messages(result.Errors, result.Warnings) {
			w.Report(d)
		}
		if len(result.Errors) == 0 {
			s.last[file] = result.Code
		}
		if code, ok := s.last[file]; ok {
			w.Emit(replaceExt(name, ".js"), code)
		}
	}
	return nil
}

// Command client makes internal/livereload/client.js, the script in the page, from the
// TypeScript in this folder. It is run by go generate in the folder above; the result
// is committed, so that a build needs nothing but Go.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	script, err := bundle("client")
	if err == nil {
		err = os.WriteFile("client.js", script, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// bundle returns the script made of the TypeScript in dir: one function that is called
// at once, for the browsers of the last five years.
func bundle(dir string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{dir + "/main.ts"},
		Bundle:            true,
		Format:            api.FormatIIFE,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		Engines: []api.Engine{
			{Name: api.EngineChrome, Version: "96"},
			{Name: api.EngineFirefox, Version: "94"},
			{Name: api.EngineSafari, Version: "15"},
		},
		Plugins: []api.Plugin{{Name: "style", Setup: func(b api.PluginBuild) {
			b.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, loadStyle)
		}}},
	})
	if len(result.Errors) > 0 {
		first := result.Errors[0]
		return nil, fmt.Errorf("%s:%d: %w", first.Location.File, first.Location.Line, errors.New(first.Text))
	}
	return result.OutputFiles[0].Contents, nil
}

// loadStyle makes a style sheet importable as its text, minified.
func loadStyle(args api.OnLoadArgs) (api.OnLoadResult, error) {
	text, err := os.ReadFile(args.Path)
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("style: %w", err)
	}
	result := api.Transform(string(text), api.TransformOptions{
		Loader: api.LoaderCSS, MinifyWhitespace: true, MinifySyntax: true, Charset: api.CharsetUTF8,
	})
	if len(result.Errors) > 0 {
		return api.OnLoadResult{Errors: result.Errors}, nil
	}
	small := strings.TrimSpace(string(result.Code))
	return api.OnLoadResult{Contents: &small, Loader: api.LoaderText}, nil
}

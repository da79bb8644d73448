// Command gen compiles the browser client's source in src to the scripts in dist.
//
// It is run by go generate in the folder above; a test keeps dist in step with src.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// The names of the two scripts, below dist.
const (
	classicName = "socket.io.js"     // for <script>, require() and AMD
	moduleName  = "socket.io.esm.js" // for import
)

// A classic script answers to whoever loads it: CommonJS, AMD, or a page, where it
// is the global io. The factory's body lies between the two.
const (
	classicHead = `!function(g,f){"object"==typeof module&&module.exports?module.exports=f():` +
		`"function"==typeof define&&define.amd?define([],f):g.io=f()}("undefined"!=typeof self?self:this,function(){"use strict";`
	classicTail = `return client.io});`
)

const banner = "/* The browser client of realtimectl: Socket.IO protocol 5 over Engine.IO 4. */"

func main() {
	if err := generate("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen: error:", err)
		os.Exit(1)
	}
}

// generate writes dist/ of the client package that lies in dir.
func generate(dir string) error {
	scripts, err := compile(dir)
	if err != nil {
		return err
	}
	dist := filepath.Join(dir, "dist")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dist, name), script, 0o644); err != nil {
			return fmt.Errorf("generate: %w", err)
		}
	}
	return nil
}

// compile returns the scripts by name.
func compile(dir string) (map[string][]byte, error) {
	classic := options(dir)
	classic.Format, classic.GlobalName = api.FormatIIFE, "client"
	classic.Banner = map[string]string{"js": banner + "\n" + classicHead}
	classic.Footer = map[string]string{"js": classicTail}

	module := options(dir)
	module.Format = api.FormatESModule
	module.Banner = map[string]string{"js": banner}

	scripts := map[string][]byte{}
	for name, opts := range map[string]api.BuildOptions{classicName: classic, moduleName: module} {
		result := api.Build(opts)
		if len(result.Errors) > 0 {
			text := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
			return nil, fmt.Errorf("compile %s: %s", name, text)
		}
		scripts[name] = result.OutputFiles[0].Contents
	}
	return scripts, nil
}

func options(dir string) api.BuildOptions {
	return api.BuildOptions{
		EntryPoints:       []string{filepath.Join(dir, "src", "index.ts")},
		Tsconfig:          filepath.Join(dir, "tsconfig.json"),
		Bundle:            true,
		Target:            api.ES2017,
		Platform:          api.PlatformBrowser,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		// Names with an underscore in front are our own; the placeholder is the protocol's.
		MangleProps:  `^_`,
		ReserveProps: `^_placeholder$`,
		LogLevel:     api.LogLevelSilent,
	}
}

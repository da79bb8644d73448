package pipeline

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// npmShop is a project whose page gets its components from npm.
func npmShop(t *testing.T) string {
	t.Helper()
	return project(t, map[string]string{
		"package.json": `{"dependencies": {"b": "1", "a": "1", "server": "1"}}`,
		"src/index.html": `<!doctype html><html><head>
  <!-- build:css styles/vendor.css -->
  <!-- npm:css -->
  <!-- endnpm -->
  <!-- endbuild -->
</head><body>
  <!-- build:js scripts/vendor.js -->
  <!-- bower:js -->
  <!-- endbower -->
  <!-- endbuild -->
</body></html>
`,
		"node_modules/a/package.json":      `{"name": "a", "main": "a.js", "style": "css/a.css"}`,
		"node_modules/a/a.js":              "window.a = 1;",
		"node_modules/a/css/a.css":         "a { background: url(../img/dot.svg?v=1#x) }\n@font-face { font-family: a; src: url('../fonts/a.woff2') }",
		"node_modules/a/img/dot.svg":       "<svg/>",
		"node_modules/a/fonts/a.woff2":     "font",
		"node_modules/b/package.json":      `{"name": "b", "unpkg": "dist/b.js", "peerDependencies": {"a": "1"}}`,
		"node_modules/b/dist/b.js":         "window.b = 1;",
		"node_modules/server/package.json": `{"name": "server"}`,
		"node_modules/server/index.js":     "require('net')",
	})
}

func TestPagesGetTheirComponentsFromNPM(t *testing.T) {
	dir := npmShop(t)
	p := open(t, dir)
	got, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page := snapshot(t, filepath.Join(dir, ".tmp"))["index.html"]
	for _, want := range []string{
		"  <!-- npm:css -->\n  <link rel=\"stylesheet\" href=\"../node_modules/a/css/a.css\" />\n  <!-- endnpm -->\n",
		"  <!-- bower:js -->\n  <script src=\"../node_modules/a/a.js\"></script>\n  <script src=\"../node_modules/b/dist/b.js\"></script>\n  <!-- endbower -->\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks\n%s\n%s", want, page)
		}
	}
	want := diag.List{{
		Severity: diag.Warning, Source: "inject", Path: "package.json",
		Message: "package server brings no file into the page: none of its files is known to be a script or a style of browsers",
		Hint:    `add to package.json: "wiredep": { "overrides": { "server": { "main": "FILE" } } }, or "main": [] if pages do not need it`,
	}}
	if diff := cmp.Diff(want, got.Diagnostics); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	write(t, filepath.Join(dir, "package.json"), `{"dependencies": {"a": "1"}}`)
	if got, err = p.Rebuild(t.Context(), []string{filepath.Join(dir, "package.json")}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, ".tmp/index.html")}, got.Changed); diff != "" || len(got.Diagnostics) > 0 {
		t.Errorf("after package.json changed: %v (-want +got):\n%s", got.Diagnostics, diff)
	}
}

// The fonts and images of components lie beside their sheets; joined into another file,
// the sheet has to find them all the same.
func TestJoinedSheetsOfComponentsFindTheirFontsAndImages(t *testing.T) {
	report := mustBuild(t, t.Context(), BuildOptions{Dir: npmShop(t)})
	files := snapshot(t, report.Out)
	var css string
	for name, content := range files {
		if strings.HasPrefix(name, "styles/vendor-") && filepath.Ext(name) == ".css" {
			css = content
		}
	}
	for _, ext := range []string{".svg", ".woff2"} {
		found := false
		for name := range files {
			if filepath.Ext(name) != ext {
				continue
			}
			rel, _ := filepath.Rel("styles", name)
			found = found || strings.Contains(css, filepath.ToSlash(rel))
		}
		if !found {
			t.Errorf("the sheet names no %s of the output: %s", ext, css)
		}
	}
	if !strings.Contains(css, "?v=1#x") {
		t.Errorf("the tail of an address is lost: %s", css)
	}
	if scripts := strings.Count(strings.Join(names(files), "\n"), "scripts/vendor-"); scripts == 0 {
		t.Errorf("no joined script: %v", names(files))
	}
}

func names(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

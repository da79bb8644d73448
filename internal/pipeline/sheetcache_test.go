package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// styled is a project whose scripts import sheets in all ways.
func styled(t *testing.T) string {
	t.Helper()
	realpart.Command(t, "node")
	dir := project(t, map[string]string{
		"src/index.html":          `<!doctype html><script type="module" src="main.ts"></script>`,
		"src/main.ts":             "import './main.scss';\nimport './more.less';\nimport names, { box } from './ui/box.module.scss';\nimport { s } from '../shared/s';\nconsole.log(names, box, s);\n",
		"src/main.scss":           "@use 'ui/part' as p;\nbody { color: p.$c; background: url(ui/dot.svg) }\n",
		"src/more.less":           "@w: 3px; p { width: @w }\n",
		"src/ui/_part.scss":       "$c: red;\n",
		"src/ui/box.module.scss":  "$k: 5px; .box { width: $k; composes: base from './base.module.less'; }\n",
		"src/ui/base.module.less": ".base { @x: 1px; margin: @x }\n",
		"src/ui/dot.svg":          "<svg/>",
		"shared/s.ts":             "import './s.scss';\nexport const s: string = 's';\n",
		"shared/s.scss":           "$z: 9; s { z-index: $z }\n",
	})
	withPackage(t, dir, "sass")
	withPackage(t, dir, "less")
	return dir
}

// rules are a stylesheet without comments and white space.
func rules(css string) string {
	var b strings.Builder
	for rest := css; rest != ""; {
		before, comment, _ := strings.Cut(rest, "/*")
		b.WriteString(strings.Join(strings.Fields(before), ""))
		_, rest, _ = strings.Cut(comment, "*/")
	}
	return b.String()
}

func TestSheetsThatScriptsImportAreStyles(t *testing.T) {
	dir := styled(t)
	p := open(t, dir)
	result, err := p.Start(t.Context())
	if err != nil || len(result.Diagnostics) > 0 {
		t.Fatalf("start: %v, %v", err, result.Diagnostics)
	}
	layer := snapshot(t, filepath.Join(dir, ".tmp"))
	got := map[string]string{"page": layer["index.html"]}
	for _, name := range []string{"@styles/index.css", "@packages/shared/s.ts.css"} {
		got[name] = rules(layer[name])
	}
	want := map[string]string{
		"page": `<!doctype html><link rel="stylesheet" href="/@packages/shared/s.ts.css"><link rel="stylesheet" href="/@styles/index.css"><script type="module" src="main.ts"></script>`,
		"@styles/index.css": "body{color:red;background:url(/ui/dot.svg);}p{width:3px;}" +
			".base_bb4b_base{margin:1px;}.box_704b_box{width:5px;}",
		"@packages/shared/s.ts.css": "s{z-index:9;}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("generated layer (-want +got):\n%s", diff)
	}
	if names := layer["ui/box.module.scss.js"]; !strings.Contains(names, `box: "base_bb4b_base box_704b_box"`) {
		t.Errorf("class names:\n%s", names)
	}
}

func TestEditOfAnImportedSheetRedoesTheStyles(t *testing.T) {
	dir := styled(t)
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	styles := func(more ...string) []string {
		return append([]string{".tmp/@styles/index.css", ".tmp/@styles/index.css.map"}, more...)
	}
	for _, e := range []edited{
		{"a partial", "src/ui/_part.scss", "$c: blue;\n", styles("src/ui/_part.scss"), ""},
		{"a slip in a partial", "src/ui/_part.scss", "$c: $d;\n", []string{"src/ui/_part.scss"}, "undefined variable"},
		{"its mending", "src/ui/_part.scss", "$c: green;\n", styles("src/ui/_part.scss"), ""},
		{"what is the same in CSS", "src/ui/_part.scss", "$c: green; // as before\n", []string{"src/ui/_part.scss"}, ""},
		{"a sheet with names", "src/ui/box.module.scss", ".box { width: 6px }\n.new { x: y }\n", styles(".tmp/ui/box.module.scss.js", ".tmp/ui/box.module.scss.js.map", "src/ui/box.module.scss"), ""},
		{"a sheet beside the sources", "shared/s.scss", "s { z-index: 8 }\n", []string{".tmp/@packages/shared/s.ts.css", ".tmp/@packages/shared/s.ts.css.map"}, ""},
	} {
		t.Run(e.name, func(t *testing.T) { check(t, p, dir, e) })
	}
}

func TestSheetsThatScriptsImportAreBuilt(t *testing.T) {
	dir := styled(t)
	mustBuild(t, t.Context(), BuildOptions{Dir: dir, NoGzip: true, NoBrotli: true})
	var css []string
	for name, text := range snapshot(t, filepath.Join(dir, "dist")) {
		if filepath.Ext(name) == ".css" {
			css = append(css, strings.TrimSpace(text))
		}
		if strings.Contains(name, ".scss") || strings.Contains(name, ".less") {
			t.Errorf("the output has a source: %s", name)
		}
	}
	want := []string{"body{color:red;background:url(./dot-2TOFMZUR.svg)}p{width:3px}.o{margin:1px}.d{width:5px}s{z-index:9}"}
	if diff := cmp.Diff(want, css); diff != "" {
		t.Errorf("stylesheets (-want +got):\n%s", diff)
	}
	edit(t, dir, "src/ui/_part.scss", "$c: $d;\n")
	_, err := Build(t.Context(), BuildOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "src/ui/_part.scss:1:5: undefined variable") {
		t.Errorf("the mistake is told as: %v", err)
	}
}

func TestImportedSheetWithoutACompilerIsToldWithTheWayOut(t *testing.T) {
	t.Setenv("PATH", "")
	p := open(t, project(t, map[string]string{
		"src/index.html": `<!doctype html><script type="module" src="main.js"></script>`,
		"src/main.js":    "import './a.scss';\n",
		"src/a.scss":     "a { b: c }",
	}))
	result, err := p.Start(t.Context())
	if err != nil || len(result.Diagnostics) != 1 {
		t.Fatal(result.Diagnostics, err)
	}
	if d := result.Diagnostics[0]; d.Path != "src/a.scss" || d.Hint != "npm install --save-dev sass" {
		t.Errorf("told as: %+v", d)
	}
}

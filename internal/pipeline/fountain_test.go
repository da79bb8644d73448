package pipeline

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// TestFountainProjectIsBuiltAsByItsOwnGulp compares what build makes of the official
// generator's project with what the project's own gulp has made: the files but for their
// hashes, the page, the data, the styles as browsers read them, and what the application's
// script tells AngularJS. The minifiers are others, and so are their bytes.
func TestFountainProjectIsBuiltAsByItsOwnGulp(t *testing.T) {
	dir := realpart.Made(t, "fountain")
	out := filepath.Join(t.TempDir(), "dist")
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Out: out, NoGzip: true, NoBrotli: true})
	if report.Task != "default of gulpfile.js" || len(report.Diagnostics) > 0 {
		t.Errorf("built by %q: %v", report.Task, report.Diagnostics)
	}
	want, got := comparable(t, filepath.Join(dir, "dist")), comparable(t, out)
	delete(got, manifestName)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-gulp +ours):\n%s", diff)
	}
}

var gulpHash = regexp.MustCompile(`-[0-9a-f]{10}\b`)

// comparable reads a finished site in a form in which two of them may be compared.
func comparable(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name, data := range snapshot(t, dir) {
		name := gulpHash.ReplaceAllString(name, "-HASH")
		switch {
		case path.Ext(name) == ".map":
			data = "" // it leads to other columns
		case path.Ext(name) == ".css":
			data = evenStyles(data)
		case name == "scripts/vendor-HASH.js":
			data = "" // the library is the same, its minifier another
		case path.Ext(name) == ".js":
			data = strings.Join(toldAngular(t, data), "\n")
		}
		files[name] = gulpHash.ReplaceAllString(data, "-HASH")
	}
	return files
}

// vendored matches declarations for browsers of long ago, which are left out here on purpose.
var vendored = regexp.MustCompile(`[\w-]+:-(?:ms|moz|webkit)-[^;}]*;?|-(?:ms|moz|webkit)-[\w-]+:[^;}]*;?`)

// evenStyles lists what each selector gets: one of the minifiers joins rules.
func evenStyles(css string) string {
	minified := api.Transform(css, api.TransformOptions{Loader: api.LoaderCSS, MinifyWhitespace: true, MinifySyntax: true})
	var list []string
	for _, rule := range cssRule.FindAllStringSubmatch(vendored.ReplaceAllString(string(minified.Code), ""), -1) {
		for selector := range strings.SplitSeq(rule[1], ",") {
			for declaration := range strings.SplitSeq(strings.ReplaceAll(rule[2], "lightgray", "#d3d3d3"), ";") {
				list = append(list, selector+" "+declaration)
			}
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "\n")
}

var cssRule = regexp.MustCompile(`([^{}]+)\{([^{}]*?);?\}`)

// angularSays stands in for AngularJS and writes down what it is told: the kinds, names and
// dependencies, and what the functions among them put into the template cache.
const angularSays = `
var said = [], window = this;
function told(v) {
  if (Array.isArray(v)) return '[' + v.map(told).join(', ') + ']';
  if (typeof v === 'function') return 'function(' + (v.$inject || []).join(', ') + ') of ' + v.length;
  if (v && typeof v === 'object') return '{' + Object.keys(v).sort().map(function (k) { return k + ': ' + told(v[k]); }).join(', ') + '}';
  return JSON.stringify(v);
}
var cache = { put: function (name, html) { said.push('template ' + name + ' ' + html); } };
function module() {
  var m = {};
  ['component', 'controller', 'service', 'factory', 'directive', 'filter', 'config', 'run', 'constant', 'value', 'provider'].forEach(function (kind) {
    m[kind] = function () {
      var args = Array.prototype.slice.call(arguments), last = args[args.length - 1];
      said.push(kind + ' ' + args.map(told).join(' '));
      if (kind === 'run' && Array.isArray(last) && last[0] === '$templateCache') last[1](cache);
      return m;
    };
  });
  return m;
}
var angular = { module: function (name, needs) { said.push('module ' + name + ' ' + told(needs)); return module(); } };
`

func toldAngular(t *testing.T, script string) []string {
	t.Helper()
	vm := goja.New()
	for _, src := range []string{angularSays, script} {
		if _, err := vm.RunString(src); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	if err := vm.ExportTo(vm.Get("said"), &said); err != nil {
		t.Fatal(err)
	}
	return said
}

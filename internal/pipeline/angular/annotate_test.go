package angular

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the code gives into the golden files")

func TestAnnotateGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/annotate/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src := read(t, file)
			got := annotated(t, src)
			golden := strings.TrimSuffix(file, ".js") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, golden), got); diff != "" {
				t.Errorf("annotated (-want +got; -update accepts):\n%s", diff)
			}
			if again := annotated(t, got); again != got {
				t.Errorf("annotating twice changes it again:\n%s", cmp.Diff(got, again))
			}
			if strings.Count(got, "\n") != strings.Count(src, "\n") {
				t.Error("the number of lines changed")
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func annotated(t *testing.T, src string) string {
	t.Helper()
	list, err := Annotate(src)
	if err != nil {
		t.Fatal(err)
	}
	return Apply(src, list)
}

// annotation matches what was put in: an array's head before a function, or a $inject.
var annotation = regexp.MustCompile(`\["[^\]]*?, function|[\w.]+\.\$inject = \[[^\]]*\]`)

// classic.old is what ng-annotate 1.2.2 makes of classic.js.
func TestAnnotateFindsAllThatTheOldToolFound(t *testing.T) {
	ours := annotation.FindAllString(annotated(t, read(t, "testdata/annotate/classic.js")), -1)
	missing := 0
	for _, want := range annotation.FindAllString(read(t, "testdata/annotate/classic.old"), -1) {
		if strings.Contains(want, `"$log", function ($log) { $log.info(marked)`) {
			continue
		}
		found := false
		for _, got := range ours {
			found = found || got == want
		}
		if !found {
			missing++
			t.Logf("missing: %s", want)
		}
	}
	// One function marked in a variable's declaration is written as marked.$inject here.
	if missing > 1 {
		t.Errorf("%d annotations of the old tool are missing", missing)
	}
}

// fakeAngular records what each registration would be injected with.
const fakeAngular = `
var seen = [];
function names(fn) {
  if (Array.isArray(fn)) return fn.slice(0, -1).join();
  if (fn.$inject) return fn.$inject.join();
  return fn.length ? 'BROKEN' : '';
}
var module = {};
['controller', 'service', 'factory', 'directive', 'filter', 'provider'].forEach(function (kind) {
  module[kind] = function (name, fn) { seen.push(kind + ' ' + name + ': ' + names(fn)); return module; };
});
['config', 'run'].forEach(function (kind) {
  module[kind] = function (fn) { seen.push(kind + ': ' + names(fn)); return module; };
});
module.component = function (name, o) { seen.push('component ' + name + ': ' + names(o.controller)); return module; };
var angular = { module: function () { return module; } };
`

func TestNamesSurviveAMinifier(t *testing.T) {
	const src = `
class Dee { constructor($element, jobs) { this.e = $element + jobs; } }
angular.module('app', []).controller('A', function ($scope, $http) { return $scope + $http; })
  .service('B', class { constructor($q) { this.q = $q; } })
  .factory('C', ($log) => ({ log: $log }))
  .run(start).config(['$x', function (y) { return y; }])
  .component('D', { controller: Dee });
(function () {
  angular.module('app').filter('E', E).directive('F', F);
  var late = function ($sce) { return $sce; };
  angular.module('app').service('G', late);
  function E($sce) { return function () { return $sce; }; }
  function F() { return {}; }
})();
function start($rootScope) { $rootScope.started = true; }
`
	want := []string{
		"controller A: $scope,$http", "service B: $q", "factory C: $log", "run: $rootScope", "config: $x",
		"component D: $element,jobs", "filter E: $sce", "directive F: ", "service G: $sce",
	}
	if diff := cmp.Diff(want, runMinified(t, annotated(t, src))); diff != "" {
		t.Errorf("injected (-want +got):\n%s", diff)
	}
}

func runMinified(t *testing.T, src string) []string {
	t.Helper()
	result := api.Transform("(function(){"+src+"})()", api.TransformOptions{
		MinifyIdentifiers: true, MinifySyntax: true, MinifyWhitespace: true, Target: api.ES2017,
	})
	if len(result.Errors) > 0 {
		t.Fatal(result.Errors)
	}
	vm := goja.New()
	if _, err := vm.RunString(fakeAngular + string(result.Code)); err != nil {
		t.Fatalf("%v in\n%s", err, result.Code)
	}
	var seen []string
	if err := vm.ExportTo(vm.Get("seen"), &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestAnnotateLeavesLibrariesAlone(t *testing.T) {
	for _, src := range []string{
		`_.filter(list, function (x) { return !x; });`,
		`common_1.filter(defaultPolicy, function (item) { return item; }).concat(replace);`,
		`task.run(function (done) { done(); });`,
		`require.config(function (a) { return a; });`,
		`$stateProvider.decorator('views', function (state, parent) { return parent(state); });`,
		`[1].map(function (x) { return x.controller('a', 1); });`,
	} {
		list, err := Annotate("angular.module('x', []);" + src)
		if err != nil || len(list) > 0 {
			t.Errorf("%s: got %v, %v", src, list, err)
		}
	}
}

func TestAnnotateTellsWhereAScriptIsWrong(t *testing.T) {
	_, err := Annotate("angular.module('a', []);\nvar é = %;")
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 2 || syntax.Column != 9 {
		t.Errorf("got %v, want a mistake at 2:9", err)
	}
}

// FuzzAnnotate checks that what can be read can be read after annotating.
func FuzzAnnotate(f *testing.F) {
	for _, name := range []string{"classic.js", "modern.js"} {
		data, err := os.ReadFile(filepath.Join("testdata/annotate", name))
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			f.Add(line)
		}
	}
	f.Add("app.run((a)=>((b)))//x\n.config(/* @ngInject */(c)=>{})")
	f.Add("var a=function(b){'ngInject'},c;class D{constructor(e){'ngInject'}}")
	f.Fuzz(func(t *testing.T, src string) {
		list, err := Annotate(src)
		if err != nil || len(list) == 0 {
			return
		}
		out := Apply(src, list)
		if _, err := parse(out); err != nil {
			t.Errorf("%v\n%q\nbecame\n%q", err, src, out)
		}
	})
}

func BenchmarkAnnotate(b *testing.B) {
	data, err := os.ReadFile("testdata/annotate/classic.js")
	if err != nil {
		b.Fatal(err)
	}
	src := string(data)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Annotate(src); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleAnnotate() {
	src := `angular.module('app').run(function ($http) { $http.get('/'); });`
	list, err := Annotate(src)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(Apply(src, list))
	// Output: angular.module('app').run(["$http", function ($http) { $http.get('/'); }]);
}

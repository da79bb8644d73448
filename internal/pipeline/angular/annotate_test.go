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

	"github.com/realtimectl/realtimectl/internal/realpart"
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

func TestAnnotateKeepsEachFormWhatItIs(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"a method of an object": {
			`$stateProvider.state('a', { resolve: { user ($http) { return $http; } }, controller(){} });`,
			`$stateProvider.state('a', { resolve: { user : ["$http", function ($http) { return $http; }] }, controller(){} });`,
		},
		"a marked method": {
			`x = { a ($q) { 'ngInject' }, 'b'($q) { 'ngInject' }, [c]($q) { 'ngInject' } };`,
			`x = { a : ["$q", function ($q) { 'ngInject' }], 'b': ["$q", function ($q) { 'ngInject' }], [c]: ["$q", function ($q) { 'ngInject' }] };`,
		},
		"methods that have to stay methods": {
			`$uibModal.open({ resolve: { async a($q) {}, *b($q) {}, c($q) { super.c(); }, get d() { return 1; } } });`,
			`$uibModal.open({ resolve: { async a($q) {}, *b($q) {}, c($q) { super.c(); }, get d() { return 1; } } });`,
		},
		"a class among other code": {
			`app.factory('a', class B { static make($q) { 'ngInject'; } }.make);`,
			`app.factory('a', class B { static make($q) { 'ngInject'; } }.make);`,
		},
		"the provider that a class makes": {
			"class P { constructor() {} $get($q) { return $q; } }\nangular.module('a').provider('p', P);",
			"class P { constructor() {} $get($q) { return $q; } };P.prototype.$get.$inject = [\"$q\"];\nangular.module('a').provider('p', P);",
		},
		"a comment that looks closed": {
			`app.run((($q) => ($q) /*/ ) */ ));`,
			`app.run((["$q", ($q) => ($q)] /*/ ) */ ));`,
		},
		"a lazy state": {
			`$stateProvider.state('a', { lazyLoad: (t) => import('./a.js'), onEnter: ($q) => import ('b') });`,
			`$stateProvider.state('a', { lazyLoad: (t) => import('./a.js'), onEnter: ["$q", ($q) => import ('b')] });`,
		},
		"states below states": {
			`stateHelperProvider.setNestedState({ children: [{ controller: function ($q) {} }, other], params: { a: function ($x) {}, b: { value: function ($y) {}, squash: function (z) {} } } });`,
			`stateHelperProvider.setNestedState({ children: [{ controller: ["$q", function ($q) {}] }, other], params: { a: ["$x", function ($x) {}], b: { value: ["$y", function ($y) {}], squash: function (z) {} } } });`,
		},
		"routes": {
			`$routeProvider.when('/', { controller: function ($q) {}, resolve: { a: function ($x) {} }, redirectTo: function (a) {} }).otherwise({ controller: C }); function C($y) {}`,
			`C.$inject = ["$y"];$routeProvider.when('/', { controller: ["$q", function ($q) {}], resolve: { a: ["$x", function ($x) {}] }, redirectTo: function (a) {} }).otherwise({ controller: C }); function C($y) {}`,
		},
		"addresses": {
			`$urlRouterProvider.when('/a', function ($match) {}).when('/b', '/c').otherwise(function ($injector) {});`,
			`$urlRouterProvider.when('/a', ["$match", function ($match) {}]).when('/b', '/c').otherwise(function ($injector) {});`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			const tail = "\nangular.module('a');"
			if diff := cmp.Diff(c.want+tail, annotated(t, c.src+tail)); diff != "" {
				t.Errorf("annotated (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnApplicationThatIsJoinedToAngularJSIsAnnotated(t *testing.T) {
	angular := read(t, filepath.Join(realpart.Package(t, "angular"), "angular.js"))
	if list, err := Annotate(angular); err != nil || len(list) > 0 {
		t.Errorf("AngularJS alone: %d insertions, %v", len(list), err)
	}
	const (
		head = "/**\n * @license AngularJS v1.8.3\n */\n(function(window) { angularModule('ng', ['ngLocale']); })(window);\n!window.angular.$$csp().noInlineStyle && x('<style></style>');\n"
		app  = "angular.module('app', []).run(function ($q) {});"
	)
	if list, err := Annotate(head); err != nil || len(list) > 0 {
		t.Errorf("its like alone: %d insertions, %v", len(list), err)
	}
	if got, want := annotated(t, head+app), head+"angular.module('app', []).run([\"$q\", function ($q) {}]);"; got != want {
		t.Errorf("with an application: %s", got)
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

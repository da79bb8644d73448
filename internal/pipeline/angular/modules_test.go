package angular

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModulesReadsWhatAScriptDeclaresAndNeeds(t *testing.T) {
	tests := []struct {
		name, src string
		want      Info
	}{
		{"declares", `angular.module('a', ['b']);`, Info{Declares: []string{"a"}}},
		{"needs", `angular.module('a').run();`, Info{Needs: []string{"a"}}},
		{"both", `angular.module('a', []); angular.module('a').run(); angular.module('b');`, Info{Declares: []string{"a"}, Needs: []string{"b"}}},
		{"a dependency of a declaration is no need", `angular.module('a', ['b']); angular.module('b');`, Info{Declares: []string{"a"}}},
		{"name in a variable", `var m = 'a'; (function () { angular.module(m, []); })();`, Info{Declares: []string{"a"}}},
		{"window", `window.angular.module("a", []);`, Info{Declares: []string{"a"}}},
		{"template string", "angular.module(`a`);", Info{Needs: []string{"a"}}},
		{"ng itself", `angularModule('ng', ['ngLocale']); angular.module('ng');`, Info{Declares: []string{"ng"}}},
		{"deep inside", `if (x) { for (;;) { try { (() => [{ a: angular.module('a') }])(); } catch (e) {} } }`, Info{Needs: []string{"a"}}},
		{"in text only", `// angular.module('a')` + "\n'angular.module(\"b\")';", Info{}},
		{"another module", `other.module('a', []);`, Info{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Modules(tt.src)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
		})
	}
}

func TestModulesTellsWhatCannotBeRead(t *testing.T) {
	_, err := Modules("import x from 'y';")
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 1 {
		t.Errorf("got %v", err)
	}
}

func TestSortGivesTheOrderPagesAlwaysHad(t *testing.T) {
	use := Info{Needs: []string{"app"}}
	// The generator's own sample: index, routes, the templates, then the folders.
	infos := []Info{{Declares: []string{"app"}}, use, use, use, use, use, use, use, use}
	order, cycle := Sort(infos)
	if want := []int{0, 8, 7, 6, 5, 4, 3, 2, 1}; !slices.Equal(order, want) || cycle != nil {
		t.Errorf("got %v, %v, want %v", order, cycle, want)
	}
}

func TestSortPutsDeclarationsFirstAndBreaksCircles(t *testing.T) {
	infos := []Info{
		{Declares: []string{"a"}, Needs: []string{"b"}},
		{Declares: []string{"b"}, Needs: []string{"a"}},
		{Needs: []string{"c", "unknown"}},
		{Declares: []string{"c"}},
	}
	order, cycle := Sort(infos)
	if want := []int{3, 2, 0, 1}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if want := []int{1, 0}; !slices.Equal(cycle, want) {
		t.Errorf("cycle %v, want %v", cycle, want)
	}
}

func TestTemplateCacheEscapesAsTheOldToolDid(t *testing.T) {
	got := TemplateCache([]Template{
		{"app/a.html", "'\\\n\r\t\b\f\v\x00x\x001é♥😀\"`${x}</script>"},
		{"app/b.html", ""},
	}, TemplateCacheOptions{Module: "app", Standalone: true})
	want := `angular.module('app', []).run(['$templateCache', function($templateCache) {$templateCache.put('app/a.html','\'\\\n\r\t\b\f\x0B\0x\x001\xE9\u2665\uD83D\uDE00"` + "`" + `${x}</script>');
$templateCache.put('app/b.html','');}]);`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("script (-want +got):\n%s", diff)
	}
	if got, want := (Template{`it's\a.html`, "x"}).Put(), `$templateCache.put('it\'s\\a.html','x');`; got != want {
		t.Errorf("an address with a quote: %s, want %s", got, want)
	}
	if got := string(TemplateCache(nil, TemplateCacheOptions{})); got != "angular.module('templates').run(['$templateCache', function($templateCache) {}]);" {
		t.Errorf("without templates: %s", got)
	}
}

func TestConfigScriptIsWhatTheOldToolWrote(t *testing.T) {
	settings := []Setting{{"apiUrl", json.RawMessage(`"http://localhost"`)}, {"deep", json.RawMessage(`{"list":[1]}`)}}
	for want, opts := range map[string]ConfigOptions{
		"angular.module(\"m\", [])\n.constant(\"apiUrl\", \"http://localhost\")\n.constant(\"deep\", {\"list\":[1]});\n": {Module: "m"},
		"angular.module(\"m\")\n.value(\"apiUrl\", \"http://localhost\")\n.value(\"deep\", {\"list\":[1]});\n":           {Module: "m", Existing: true, Values: true},
	} {
		if diff := cmp.Diff(want, string(ConfigScript(settings, opts))); diff != "" {
			t.Errorf("script (-want +got):\n%s", diff)
		}
	}
}

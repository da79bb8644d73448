package angular_test

import (
	"testing"

	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
)

func TestModulesAreAnnotatedWhereTheyStand(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"a class": {
			"import x from './é';\nimport {\n  a, b\n} from \"y\"\n\nexport default class JWT {\n  constructor(AppConstants, $window) {\n    'ngInject';\n    this.x = x;\n  }\n}\n",
			"import x from './é';\nimport {\n  a, b\n} from \"y\"\n\nexport default class JWT {\n  constructor(AppConstants, $window) {\n    'ngInject';\n    this.x = x;\n  }\n};JWT.$inject = [\"AppConstants\", \"$window\"];\n",
		},
		"a function": {
			"export function config($routes) { 'ngInject'; }\nexport { config as more };\nexport * from './z';",
			"config.$inject = [\"$routes\"];export function config($routes) { 'ngInject'; }\nexport { config as more };\nexport * from './z';",
		},
		"a method of a module": {
			"import angular from 'angular';\nexport default angular.module('a', []).run(function ($q) {}).name;",
			"import angular from 'angular';\nexport default angular.module('a', []).run([\"$q\", function ($q) {}]).name;",
		},
		"nothing to inject": {"import './a';\nexport const x = 1;", "import './a';\nexport const x = 1;"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := angular.AnnotateModule(c.src)
			if err != nil {
				t.Fatal(err)
			}
			if got := angular.Apply(c.src, list); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

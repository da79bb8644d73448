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
		"a function without a name": {
			"export default function ($q) { 'ngInject'; }\n",
			"export default Object.assign(function ($q) { 'ngInject'; }, { $inject: [\"$q\"] })\n",
		},
		"a class without a name": {
			"export default class  extends Base { constructor($q) { 'ngInject'; super(); } }",
			"export default Object.assign(class  extends Base { constructor($q) { 'ngInject'; super(); } }, { $inject: [\"$q\"] })",
		},
		"an arrow function": {
			"export default async ($q) => { 'ngInject'; };",
			"export default Object.assign(async ($q) => { 'ngInject'; }, { $inject: [\"$q\"] });",
		},
		"marked in a comment": {
			"/** @ngInject */\nexport default (($q) => ($q));\n",
			"/** @ngInject */\nexport default (Object.assign(($q) => ($q), { $inject: [\"$q\"] }));\n",
		},
		"imports of later years": {
			"import a, { b as c } from 'x' with { type: 'json' };import d from \"y\";export*from'z';\nangular.module('a').run(async function ($q) { for await (const e of import.meta.all) await import(e); });",
			"import a, { b as c } from 'x' with { type: 'json' };import d from \"y\";export*from'z';\nangular.module('a').run([\"$q\", async function ($q) { for await (const e of import.meta.all) await import(e); }]);",
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

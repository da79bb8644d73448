package angular

import (
	"strings"

	"github.com/dop251/goja/ast"
)

// call annotates what a call hands to AngularJS.
func (a *annotator) call(call *ast.CallExpression) {
	receiver, method, ok := member(call.Callee)
	if !ok {
		a.markedArguments(call)
		return
	}
	owner := a.owner(receiver)
	switch {
	case strings.HasSuffix(owner, "StateProvider") || owner == "$stateProvider" || owner == "stateHelperProvider":
		a.stateCall(call, method)
	case owner == "$routeProvider":
		a.routeCall(call, method)
	case owner == "$urlRouterProvider":
		if method == "when" && len(call.ArgumentList) > 1 {
			a.inject(call.ArgumentList[1], a.limit(call, 1))
		}
	case opensDialog(owner, method):
		a.dialog(call)
	case method == "push" && strings.HasSuffix(owner, "nterceptors"), method == "invoke" && owner == "$injector":
		a.argument(call, 0)
	case isRegistry(owner, method):
		a.argument(call, 1)
	default:
		a.moduleCall(call, receiver, method)
	}
	a.markedArguments(call)
}

// owner returns the last name of a call's receiver, chained calls left aside:
// "$stateProvider" for $stateProvider.state(…).state(…), "$modal" for this.$modal.
func (a *annotator) owner(e ast.Expression) string {
	for {
		if name, ok := identifier(e); ok {
			return name
		}
		if _, name, ok := member(e); ok {
			return name
		}
		call, ok := e.(*ast.CallExpression)
		if !ok {
			return ""
		}
		receiver, _, ok := member(call.Callee)
		if !ok {
			return ""
		}
		e = receiver
	}
}

// isRegistry reports whether a provider takes (name, function).
func isRegistry(owner, method string) bool {
	switch owner {
	case "$provide":
		return method == "decorator" || method == "service" || method == "factory" || method == "provider"
	case "$controllerProvider", "$filterProvider", "$animateProvider", "$filter":
		return method == "register"
	case "$compileProvider":
		return method == "directive" || method == "component"
	}
	return false
}

func opensDialog(owner, method string) bool {
	switch owner {
	case "$modal", "$uibModal", "$mdPanel", "ngDialog", "$ionicModal":
		return method == "open" || method == "openConfirm"
	case "$mdDialog", "$mdToast", "$mdBottomSheet":
		return method == "show"
	}
	return false
}

// limit returns the offset that nothing of an argument lies behind.
func (a *annotator) limit(call *ast.CallExpression, arg int) int {
	if arg+1 < len(call.ArgumentList) {
		return start(call.ArgumentList[arg+1])
	}
	return offset(call.RightParenthesis)
}

func (a *annotator) argument(call *ast.CallExpression, i int) {
	if i < len(call.ArgumentList) {
		a.inject(call.ArgumentList[i], a.limit(call, i))
	}
}

// markedArguments handles f(/* @ngInject */ function (…) {}).
func (a *annotator) markedArguments(call *ast.CallExpression) {
	for i, arg := range call.ArgumentList {
		if fn := functionOf(arg); fn != nil && (a.isMarked(start(fn)) || hasDirective(fn)) {
			a.inject(arg, a.limit(call, i))
		}
	}
}

// moduleCall handles module.controller("Name", function (…) {}) and its siblings. The
// receiver is angular.module(…), a chain of such calls, or a name: modules are kept in
// variables. Libraries have methods of these names too, so the less is known of the
// receiver, the more the arguments must look the part.
func (a *annotator) moduleCall(call *ast.CallExpression, receiver ast.Expression, method string) {
	sure, maybe := a.isModule(receiver)
	if !sure && !maybe {
		return
	}
	n := len(call.ArgumentList)
	switch method {
	case "config", "run":
		if n == 1 && sure {
			a.argument(call, 0)
		}
	case "filter", "animation", "decorator", "controller", "service", "factory", "provider", "directive", "component":
		if n == 1 && sure {
			a.registerAll(call, method)
		}
		if n == 2 && (sure && functionOf(call.ArgumentList[0]) == nil || namesInjectable(call.ArgumentList[0])) {
			a.register(method, call.ArgumentList[1], a.limit(call, 1))
		}
	}
}

// namesInjectable reports whether an argument is the literal name of something.
func namesInjectable(e ast.Expression) bool {
	_, ok := text(e)
	return ok
}

// registerAll handles module.controller({ One: function (…) {}, … }).
func (a *annotator) registerAll(call *ast.CallExpression, method string) {
	object, ok := call.ArgumentList[0].(*ast.ObjectLiteral)
	if !ok {
		return
	}
	for _, p := range object.Value {
		if p, ok := p.(*ast.PropertyKeyed); ok {
			a.register(method, p.Value, len(a.src))
		}
	}
}

// isModule reports whether an expression is an AngularJS module for sure, or may be one.
func (a *annotator) isModule(e ast.Expression) (sure, maybe bool) {
	if name, ok := identifier(e); ok {
		return a.modules[name] || soundsLikeModule(name), true
	}
	if _, name, ok := member(e); ok {
		return soundsLikeModule(name), true
	}
	call, ok := e.(*ast.CallExpression)
	if !ok {
		return false, false
	}
	if isAngularModule(call) {
		return true, true
	}
	receiver, method, ok := member(call.Callee)
	if !ok {
		return false, false
	}
	switch method {
	case "config", "run", "controller", "service", "factory", "filter", "animation", "decorator",
		"provider", "directive", "component", "constant", "value", "info":
		return a.isModule(receiver)
	case "module":
		return true, true // a factory of modules: ng.module('x'), core.module('x')
	}
	return false, false
}

// soundsLikeModule accepts the names under which projects keep modules that were made in
// another file.
func soundsLikeModule(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "app") || strings.HasSuffix(name, "mod") || strings.HasSuffix(name, "module") ||
		strings.HasSuffix(name, "modules")
}

// register annotates one definition and what lies within it.
func (a *annotator) register(method string, e ast.Expression, limit int) {
	if method == "component" {
		a.object(e, a.componentOptions)
		return
	}
	a.inject(e, limit)
	switch method {
	case "provider":
		a.provider(e)
	case "directive":
		a.returned(e, a.directiveOptions)
	}
}

// resolve follows a name to the function it stands for.
func (a *annotator) resolve(e ast.Expression) ast.Node {
	if name, ok := identifier(e); ok {
		d, _ := a.lookup(name)
		return d.fn
	}
	if array, ok := e.(*ast.ArrayLiteral); ok && len(array.Value) > 0 {
		return functionOf(array.Value[len(array.Value)-1])
	}
	return functionOf(e)
}

// object calls fn for each property of an object literal.
func (a *annotator) object(e ast.Expression, fn func(key string, value ast.Expression)) {
	object, ok := e.(*ast.ObjectLiteral)
	if !ok {
		return
	}
	for _, p := range object.Value {
		switch p := p.(type) {
		case *ast.PropertyKeyed:
			if p.Kind == ast.PropertyKindValue || p.Kind == ast.PropertyKindMethod {
				fn(keyName(p.Key), p.Value)
			}
		case *ast.PropertyShort:
			fn(p.Name.Name.String(), &p.Name)
		}
	}
}

// componentOptions annotates what a component's definition holds: unlike a directive's,
// its template functions are injected too.
func (a *annotator) componentOptions(key string, value ast.Expression) {
	switch key {
	case "controller", "template", "templateUrl":
		a.inject(value, len(a.src))
	}
}

func (a *annotator) directiveOptions(key string, value ast.Expression) {
	if key == "controller" {
		a.inject(value, len(a.src))
	}
}

// returned calls fn for the properties of the object that a function returns, written
// in place or kept in a variable before.
func (a *annotator) returned(e ast.Expression, fn func(string, ast.Expression)) {
	body := bodyOf(a.resolve(e))
	if body == nil {
		if arrow, ok := a.resolve(e).(*ast.ArrowFunctionLiteral); ok {
			if short, ok := arrow.Body.(*ast.ExpressionBody); ok {
				a.object(short.Expression, fn)
			}
		}
		return
	}
	a.within(body, func() {
		for _, st := range body.List {
			if ret, ok := st.(*ast.ReturnStatement); ok {
				a.object(valueOf(body, ret.Argument), fn)
			}
		}
	})
}

// within runs fn with the names of a function's body in reach.
func (a *annotator) within(body *ast.BlockStatement, fn func()) {
	sc := &scope{start: a.afterDirectives(body.List, offset(body.LeftBrace)+1), names: map[string]declaration{}}
	for i, st := range body.List {
		a.declare(sc, st, a.endOf(body.List, i))
	}
	a.scopes = append(a.scopes, sc)
	fn()
	a.scopes = a.scopes[:len(a.scopes)-1]
}

func bodyOf(fn ast.Node) *ast.BlockStatement {
	switch fn := fn.(type) {
	case *ast.FunctionLiteral:
		return fn.Body
	case *ast.ArrowFunctionLiteral:
		body, _ := fn.Body.(*ast.BlockStatement)
		return body
	}
	return nil
}

// valueOf follows a returned name to the value its variable begins with.
func valueOf(body *ast.BlockStatement, e ast.Expression) ast.Expression {
	name, ok := identifier(e)
	if !ok {
		return e
	}
	for _, st := range body.List {
		var list []*ast.Binding
		switch st := st.(type) {
		case *ast.VariableStatement:
			list = st.List
		case *ast.LexicalDeclaration:
			list = st.List
		}
		for _, b := range list {
			if id, ok := identifier(b.Target); ok && id == name {
				return b.Initializer
			}
		}
	}
	return e
}

// provider annotates $get of a provider: a property of this, of what is returned, or of
// the object or class that is the provider.
func (a *annotator) provider(e ast.Expression) {
	get := func(key string, value ast.Expression) {
		if key == "$get" {
			a.inject(value, len(a.src))
		}
	}
	a.object(e, get)
	a.returned(e, get)
	if class, ok := a.resolve(e).(*ast.ClassLiteral); ok {
		a.prototype(e, class, "$get")
	}
	body := bodyOf(a.resolve(e))
	if body == nil {
		return
	}
	a.within(body, func() {
		for _, st := range body.List {
			if value, ok := assigned(st, "$get"); ok {
				a.inject(value, len(a.src))
			}
		}
	})
}

// prototype annotates a method of a class that has a name.
func (a *annotator) prototype(e ast.Expression, class *ast.ClassLiteral, key string) {
	name, ok := identifier(e)
	if !ok {
		return
	}
	d, _ := a.lookup(name)
	for _, el := range class.Body {
		m, ok := el.(*ast.MethodDefinition)
		if !ok || m.Static || m.Computed || m.Kind != ast.PropertyKindMethod || keyName(m.Key) != key {
			continue
		}
		of := name + ".prototype." + key
		if params := a.params(m.Body); len(params) > 0 && !a.injected[of] && !a.seen(m.Body) {
			a.insertStatement(d.at, of+".$inject = "+list(params)+";")
		}
	}
}

// assigned returns the value of a statement x.key = value.
func assigned(st ast.Statement, key string) (ast.Expression, bool) {
	e, ok := st.(*ast.ExpressionStatement)
	if !ok {
		return nil, false
	}
	assign, ok := e.Expression.(*ast.AssignExpression)
	if !ok {
		return nil, false
	}
	_, name, ok := member(assign.Left)
	return assign.Right, ok && name == key
}

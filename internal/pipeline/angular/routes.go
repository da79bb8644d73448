package angular

import "github.com/dop251/goja/ast"

// stateCall handles $stateProvider.state("name", {…}) and .state({…}).
func (a *annotator) stateCall(call *ast.CallExpression, method string) {
	switch method {
	case "state", "setNestedState":
		for _, arg := range call.ArgumentList {
			a.object(arg, a.stateOptions)
		}
	case "decorator", "onInvalid":
	default:
		return
	}
}

// stateOptions annotates what a state of ui-router holds.
func (a *annotator) stateOptions(key string, value ast.Expression) {
	switch key {
	case "controller", "controllerProvider", "templateProvider", "onEnter", "onExit", "onReactivate", "onRetain":
		a.inject(value, len(a.src))
	case "resolve":
		a.object(value, func(_ string, v ast.Expression) { a.inject(v, len(a.src)) })
	case "views":
		a.object(value, func(_ string, v ast.Expression) { a.object(v, a.stateOptions) })
	case "params":
		a.object(value, a.paramOptions)
	case "children":
		a.children(value)
	}
}

func (a *annotator) children(e ast.Expression) {
	list, ok := e.(*ast.ArrayLiteral)
	if !ok {
		return
	}
	for _, child := range list.Value {
		a.object(child, a.stateOptions)
	}
}

// paramOptions annotates a parameter's default: params: { from: function ($x) {} } or
// params: { from: { value: function ($x) {} } }.
func (a *annotator) paramOptions(_ string, value ast.Expression) {
	a.inject(value, len(a.src))
	a.object(value, func(key string, v ast.Expression) {
		if key == "value" {
			a.inject(v, len(a.src))
		}
	})
}

// routeCall handles $routeProvider.when("/path", {…}) and .otherwise({…}).
func (a *annotator) routeCall(call *ast.CallExpression, method string) {
	if method != "when" && method != "otherwise" {
		return
	}
	for _, arg := range call.ArgumentList {
		a.object(arg, a.routeOptions)
	}
}

func (a *annotator) routeOptions(key string, value ast.Expression) {
	switch key {
	case "controller":
		a.inject(value, len(a.src))
	case "resolve":
		a.object(value, func(_ string, v ast.Expression) { a.inject(v, len(a.src)) })
	}
}

// dialog handles $uibModal.open({…}) and its relatives.
func (a *annotator) dialog(call *ast.CallExpression) {
	for _, arg := range call.ArgumentList {
		a.object(arg, a.routeOptions)
	}
}

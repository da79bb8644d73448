package angular

import (
	"github.com/dop251/goja/ast"
)

// marked handles a statement that names a function and is marked @ngInject, or whose
// function has "ngInject" in it.
func (a *annotator) marked(st ast.Statement, end int) {
	at := start(st)
	switch st := st.(type) {
	case *ast.FunctionDeclaration:
		if st.Function.Name != nil && (a.isMarked(at) || hasDirective(st.Function)) {
			a.injectNamed(st.Function.Name.Name.String())
		}
	case *ast.ClassDeclaration:
		if st.Class.Name != nil && (a.isMarked(at) || hasDirective(st.Class)) {
			a.injectNamed(st.Class.Name.Name.String())
		}
	case *ast.VariableStatement:
		a.markedBindings(st.List, a.isMarked(at))
	case *ast.LexicalDeclaration:
		a.markedBindings(st.List, a.isMarked(at))
	case *ast.ExpressionStatement:
		if assign, ok := st.Expression.(*ast.AssignExpression); ok {
			a.markedAssignment(assign, a.isMarked(at), end)
		}
	}
}

func (a *annotator) markedBindings(list []*ast.Binding, all bool) {
	for _, b := range list {
		fn := functionOf(b.Initializer)
		if fn == nil {
			if object, ok := b.Initializer.(*ast.ObjectLiteral); ok && all {
				a.eachFunction(object)
			}
			continue
		}
		if name, ok := identifier(b.Target); ok && (all || a.isMarked(start(fn)) || hasDirective(fn)) {
			a.injectNamed(name)
		}
	}
}

// markedAssignment writes x.y.$inject = [...] behind x.y = function (…) {}.
func (a *annotator) markedAssignment(assign *ast.AssignExpression, marked bool, end int) {
	fn := functionOf(assign.Right)
	if fn == nil {
		if object, ok := assign.Right.(*ast.ObjectLiteral); ok && marked {
			a.eachFunction(object)
		}
		return
	}
	if !marked && !a.isMarked(start(fn)) && !hasDirective(fn) || a.seen(fn) {
		return
	}
	left := a.src[start(assign.Left) : int(assign.Left.Idx1())-1]
	if params := a.params(fn); len(params) > 0 && !a.injected[left] {
		a.insertStatement(end, left+".$inject = "+list(params)+";")
	}
}

// markedValue handles a property's value, an argument or what is returned; at is where a
// comment may stand besides directly before the value.
func (a *annotator) markedValue(at int, value ast.Expression) {
	fn := functionOf(value)
	if fn == nil {
		return
	}
	if a.isMarked(start(fn)) || a.isMarked(at) || hasDirective(fn) {
		a.inject(value, len(a.src))
	}
}

// markedObject handles /* @ngInject */ { a: function (…) {}, … }.
func (a *annotator) markedObject(object *ast.ObjectLiteral) {
	if a.isMarked(start(object)) {
		a.eachFunction(object)
	}
}

// eachFunction annotates every value of an object that is a function or names one.
func (a *annotator) eachFunction(object *ast.ObjectLiteral) {
	for _, p := range object.Value {
		switch p := p.(type) {
		case *ast.PropertyKeyed:
			if p.Kind == ast.PropertyKindValue || p.Kind == ast.PropertyKindMethod {
				a.inject(p.Value, len(a.src))
			}
		case *ast.PropertyShort:
			a.injectNamed(p.Name.Name.String())
		}
	}
}

// classBody handles static methods that are marked: factories of AngularJS written as
// classes.
func (a *annotator) classBody(class *ast.ClassLiteral) {
	for _, el := range class.Body {
		m, ok := el.(*ast.MethodDefinition)
		if !ok || !m.Static || m.Computed || m.Kind != ast.PropertyKindMethod || class.Name == nil {
			continue
		}
		params, name := a.params(m.Body), class.Name.Name.String()+"."+keyName(m.Key)
		if len(params) > 0 && (hasDirective(m.Body) || a.isMarked(start(m))) && !a.injected[name] && !a.seen(m.Body) {
			a.insertStatement(offset(class.RightBrace)+1, name+".$inject = "+list(params)+";")
		}
	}
}

package angular

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// inject annotates whatever an argument is: a function in place, or a name of one.
// limit is the offset that nothing of the argument lies behind.
func (a *annotator) inject(e ast.Expression, limit int) {
	switch e := e.(type) {
	case *ast.Identifier:
		a.injectNamed(e.Name.String())
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.ClassLiteral:
		a.injectInPlace(e, limit)
	}
}

// injectNamed writes name.$inject = [...] for a function declared in reach.
func (a *annotator) injectNamed(name string) {
	d, ok := a.lookup(name)
	if !ok || a.injected[name] || a.seen(d.fn) {
		return
	}
	params := a.params(d.fn)
	if len(params) == 0 || a.refused(d.fn) {
		return
	}
	if name == a.unnamed {
		a.insert(start(d.fn), "Object.assign(")
		a.insert(a.endOfFunction(d.fn, len(a.src)), ", { $inject: "+list(params)+" })")
		return
	}
	a.insertStatement(d.at, name+".$inject = "+list(params)+";")
}

// insertStatement puts a semicolon before a statement where the one in front may have
// ended without.
func (a *annotator) insertStatement(at int, statement string) {
	if at > 0 && a.src[at-1] != '{' && a.src[at-1] != ';' {
		statement = ";" + statement
	}
	a.insert(at, statement)
}

// injectInPlace puts the array around a function.
func (a *annotator) injectInPlace(fn ast.Node, limit int) {
	if a.seen(fn) {
		return
	}
	params := a.params(fn)
	if len(params) == 0 || a.refused(fn) {
		return
	}
	names := list(params)
	head := names[:len(names)-1] + ", "
	if method := a.methods[start(fn)]; method != nil { // a($b) {} becomes a: ["$b", function ($b) {}]
		a.insert(offset(method.ParameterList.Opening), ": "+head+"function ")
	} else {
		a.insert(start(fn), head)
	}
	a.insert(a.endOfFunction(fn, limit), "]")
}

// endOfFunction returns the offset behind a function or a class.
func (a *annotator) endOfFunction(fn ast.Node, limit int) int {
	if arrow, ok := fn.(*ast.ArrowFunctionLiteral); ok {
		return a.endOfArrow(arrow, limit)
	}
	return int(fn.Idx1()) - 1
}

// endOfArrow returns the offset behind an arrow function. Its body may be an expression
// in parentheses, which the tree does not tell of.
func (a *annotator) endOfArrow(fn *ast.ArrowFunctionLiteral, limit int) int {
	end := int(fn.Idx1()) - 1
	if _, ok := fn.Body.(*ast.BlockStatement); ok {
		return end
	}
	around := a.parensBefore(start(fn))
	for {
		next := a.skipSpace(end)
		if next >= limit || a.src[next] != ')' {
			return end
		}
		if around > 0 && !a.anotherParen(next+1, limit, around) {
			return end
		}
		end = next + 1
	}
}

// parensBefore counts the parentheses that open directly before an expression and are
// not those of a call.
func (a *annotator) parensBefore(at int) int {
	n := 0
	for {
		before := strings.TrimRight(a.src[:at], " \t\r\n")
		if !strings.HasSuffix(before, "(") {
			return n
		}
		at = len(before) - 1
		if head := strings.TrimRight(a.src[:at], " \t\r\n"); head != "" && namePart(head[len(head)-1]) {
			return n // the parenthesis of a call
		}
		n++
	}
}

func namePart(c byte) bool {
	return c == '_' || c == '$' || c == ')' || c == ']' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// anotherParen reports whether n parentheses close from at on.
func (a *annotator) anotherParen(at, limit, n int) bool {
	for ; n > 0; n-- {
		at = a.skipSpace(at)
		if at >= limit || a.src[at] != ')' {
			return false
		}
		at++
	}
	return true
}

func (a *annotator) insert(at int, text string) {
	a.edits = append(a.edits, Insertion{at, text})
}

// seen reports whether a function was dealt with, and notes it.
func (a *annotator) seen(fn ast.Node) bool {
	at := start(fn)
	if a.done[at] {
		return true
	}
	a.done[at] = true
	return false
}

// refused reports whether a function is marked @ngNoInject, brings its own $inject, or is
// a method that has to stay one.
func (a *annotator) refused(fn ast.Node) bool {
	if m := a.methods[start(fn)]; m != nil && (m.Async || m.Generator || strings.Contains(a.src[start(m):offset(m.Idx1())], "super")) {
		return true
	}
	if class, ok := fn.(*ast.ClassLiteral); ok && hasStaticInject(class) {
		return true
	}
	return strings.Contains(a.commentsBefore(start(fn)), "@ngNoInject")
}

func hasStaticInject(class *ast.ClassLiteral) bool {
	return slices.ContainsFunc(class.Body, func(el ast.ClassElement) bool {
		switch el := el.(type) {
		case *ast.FieldDefinition:
			return el.Static && keyName(el.Key) == "$inject"
		case *ast.MethodDefinition:
			return el.Static && keyName(el.Key) == "$inject"
		}
		return false
	})
}

// keyName returns the name of a property or a method; "" for a computed one.
func keyName(key ast.Expression) string {
	if name, ok := text(key); ok {
		return name
	}
	name, _ := identifier(key)
	return name
}

// params returns the names of a function's or a constructor's parameters; nil when one
// of them is not a plain name.
func (a *annotator) params(fn ast.Node) []string {
	var params *ast.ParameterList
	switch fn := fn.(type) {
	case *ast.FunctionLiteral:
		params = fn.ParameterList
	case *ast.ArrowFunctionLiteral:
		params = fn.ParameterList
	case *ast.ClassLiteral:
		method, _ := constructor(fn)
		if method == nil {
			return nil
		}
		params = method.Body.ParameterList
	}
	if params == nil || params.Rest != nil {
		return nil
	}
	var names []string
	for _, p := range params.List {
		name, ok := identifier(p.Target)
		if !ok || p.Initializer != nil {
			return nil
		}
		names = append(names, name)
	}
	return names
}

func constructor(class *ast.ClassLiteral) (*ast.MethodDefinition, bool) {
	for _, el := range class.Body {
		if m, ok := el.(*ast.MethodDefinition); ok && !m.Static && !m.Computed && keyName(m.Key) == "constructor" {
			return m, true
		}
	}
	return nil, false
}

// list prints names as a JavaScript array of strings.
func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// commentsBefore returns the comments that stand directly before an offset.
func (a *annotator) commentsBefore(at int) string {
	var found string
	for at > 0 { // some nodes do not know where they begin
		before := strings.TrimRight(a.src[:at], " \t\r\n")
		line := before[strings.LastIndexByte(before, '\n')+1:]
		switch {
		case strings.HasSuffix(before, "*/"):
			at = max(strings.LastIndex(before, "/*"), 0)
		case strings.HasPrefix(strings.TrimSpace(line), "//"):
			at = len(before) - len(line)
		default:
			return found
		}
		found = a.src[at:len(before)] + "\n" + found
	}
	return found
}

// isMarked reports whether the comments before an offset ask for injection.
func (a *annotator) isMarked(at int) bool {
	return strings.Contains(a.commentsBefore(at), "@ngInject")
}

// hasDirective reports whether "ngInject" is among a function's first statements.
func hasDirective(fn ast.Node) bool {
	var body *ast.BlockStatement
	switch fn := fn.(type) {
	case *ast.FunctionLiteral:
		body = fn.Body
	case *ast.ArrowFunctionLiteral:
		body, _ = fn.Body.(*ast.BlockStatement)
	case *ast.ClassLiteral:
		if m, ok := constructor(fn); ok {
			body = m.Body.Body
		}
	}
	if body == nil {
		return false
	}
	for _, st := range body.List {
		e, ok := st.(*ast.ExpressionStatement)
		if !ok {
			return false
		}
		switch word, ok := text(e.Expression); {
		case !ok:
			return false
		case word == "ngInject":
			return true
		}
	}
	return false
}

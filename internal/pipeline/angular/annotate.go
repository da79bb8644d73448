package angular

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// Insertion is a piece of text to be put into a script at a byte offset.
type Insertion struct {
	At   int
	Text string
}

// Annotate returns what has to be inserted so that AngularJS can inject a script's
// functions after a minifier has renamed their parameters: ["a", function (a) {}] around
// those written in place, name.$inject = ["a"]; for those with a name. The insertions
// are sorted by offset; none contains a line break.
//
// Covered are functions, arrow functions and classes given to a module's methods, to
// $provide and its like; directives' and components' controllers; $get of providers;
// states, routes, dialogs and interceptors; and whatever is marked with @ngInject in a
// comment or "ngInject" as its first statement. What has an annotation already, takes no
// parameters, or is marked @ngNoInject stays as it is.
//
// The error is a *[SyntaxError].
func Annotate(src string) ([]Insertion, error) {
	if !mayNeed(src) {
		return nil, nil
	}
	return annotate(src, "")
}

// annotate returns the insertions for a script in which the variable that unnamed names
// stands for something without a name; "" = there is none.
func annotate(src, unnamed string) ([]Insertion, error) {
	s, err := parse(src)
	if err != nil {
		return nil, err
	}
	a := annotator{
		script: s, unnamed: unnamed, done: map[int]bool{}, injected: map[string]bool{}, modules: map[string]bool{}, methods: map[int]*ast.FunctionLiteral{},
	}
	for _, st := range s.body {
		walk(st, a.survey)
	}
	a.block(s.body, 0)
	slices.SortStableFunc(a.edits, func(x, y Insertion) int { return cmp.Compare(x.At, y.At) })
	return a.edits, nil
}

// mayNeed spares most vendor scripts the parser.
func mayNeed(src string) bool {
	if isAngularJS(src) {
		return false // a megabyte that has its annotations
	}
	return strings.Contains(src, "ngInject") || strings.Contains(src, ".module(") ||
		strings.Contains(src, ".module\n") || strings.Contains(src, "$injector") ||
		strings.Contains(src, "Provider") || strings.Contains(src, "$provide") ||
		strings.Contains(src, ".controller(") || strings.Contains(src, ".directive(") ||
		strings.Contains(src, ".factory(") || strings.Contains(src, ".service(") ||
		strings.Contains(src, ".component(") || strings.Contains(src, "odal") || strings.Contains(src, "$mdDialog")
}

// isAngularJS reports whether a script is AngularJS and nothing else: a build may have
// joined the application to it.
func isAngularJS(src string) bool {
	end := strings.LastIndex(src, "window.angular.$$csp()") // its last statement
	return end >= 0 && len(src)-end < 2048 && !strings.Contains(src[end:], ".module(") &&
		strings.HasPrefix(strings.TrimSpace(src), "/**\n * @license AngularJS")
}

// Apply returns the script with the insertions made.
func Apply(src string, list []Insertion) string {
	var b strings.Builder
	at := 0
	for _, ins := range list {
		b.WriteString(src[at:ins.At])
		b.WriteString(ins.Text)
		at = ins.At
	}
	b.WriteString(src[at:])
	return b.String()
}

// annotator walks one script.
type annotator struct {
	*script
	scopes   []*scope
	edits    []Insertion
	done     map[int]bool                 // offsets of functions that were dealt with
	injected map[string]bool              // names, dotted ones too, that have a $inject already
	modules  map[string]bool              // names that stand for a module
	unnamed  string                       // the name of what has none
	methods  map[int]*ast.FunctionLiteral // by offset: those of objects, a($b) {}
}

// scope is one block and the names declared in it.
type scope struct {
	start int // where a statement can be inserted before all others
	names map[string]declaration
}

// declaration is what a name stands for; a nil fn means something that is no function.
type declaration struct {
	fn ast.Node // *ast.FunctionLiteral, *ast.ArrowFunctionLiteral or *ast.ClassLiteral
	at int      // where name.$inject = … may be inserted
}

// survey notes the names whose dependencies the author has written out, those that stand
// for a module, and the methods of objects.
func (a *annotator) survey(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Binding:
		if name, ok := identifier(n.Target); ok {
			a.noteModule(name, n.Initializer)
		}
	case *ast.AssignExpression:
		if receiver, name, ok := member(n.Left); ok && name == "$inject" {
			a.injected[a.src[start(receiver):int(receiver.Idx1())-1]] = true
		}
		if name, ok := identifier(n.Left); ok {
			a.noteModule(name, n.Right)
		}
	case *ast.PropertyKeyed:
		if fn, ok := n.Value.(*ast.FunctionLiteral); ok && n.Kind == ast.PropertyKindMethod {
			a.methods[start(fn)] = fn
		}
	}
	return true
}

func (a *annotator) noteModule(name string, value ast.Expression) {
	if call, ok := value.(*ast.CallExpression); ok {
		if sure, _ := a.isModule(call); sure {
			a.modules[name] = true
		}
	}
}

// block handles the statements of one block; start is where its first one may go.
func (a *annotator) block(list []ast.Statement, at int) {
	sc := &scope{start: a.afterDirectives(list, at), names: map[string]declaration{}}
	a.scopes = append(a.scopes, sc)
	for i, st := range list {
		a.declare(sc, st, a.endOf(list, i))
	}
	for i, st := range list {
		a.marked(st, a.endOf(list, i))
		walk(st, a.visit)
	}
	a.scopes = a.scopes[:len(a.scopes)-1]
}

// afterDirectives returns the offset behind 'use strict' and its like.
func (a *annotator) afterDirectives(list []ast.Statement, at int) int {
	for _, st := range list {
		e, ok := st.(*ast.ExpressionStatement)
		if !ok {
			break
		}
		lit, ok := e.Expression.(*ast.StringLiteral)
		if !ok {
			break
		}
		at = int(lit.Idx1()) - 1
		if rest := strings.TrimLeft(a.src[at:], " \t"); strings.HasPrefix(rest, ";") {
			at = len(a.src) - len(rest) + 1
		}
	}
	return at
}

// endOf returns the offset at which something may be inserted behind a statement that
// gives a function a name; other statements have none, -1.
func (a *annotator) endOf(list []ast.Statement, i int) int {
	switch st := list[i].(type) {
	case *ast.ClassDeclaration:
		return offset(st.Class.RightBrace) + 1
	case *ast.VariableStatement:
		return a.endOfBindings(st.List)
	case *ast.LexicalDeclaration:
		return a.endOfBindings(st.List)
	case *ast.ExpressionStatement:
		if assign, ok := st.Expression.(*ast.AssignExpression); ok && functionOf(assign.Right) != nil {
			return a.afterSemicolon(a.endOfExpression(assign.Right))
		}
	}
	return -1
}

func (a *annotator) endOfBindings(list []*ast.Binding) int {
	if !slices.ContainsFunc(list, func(b *ast.Binding) bool { return functionOf(b.Initializer) != nil }) {
		return -1
	}
	last := list[len(list)-1]
	if last.Initializer == nil {
		return a.afterSemicolon(int(last.Target.Idx1()) - 1)
	}
	return a.afterSemicolon(a.endOfExpression(last.Initializer))
}

// endOfExpression returns the offset behind an expression and the parentheses around it.
func (a *annotator) endOfExpression(e ast.Expression) int {
	end := int(e.Idx1()) - 1
	if fn, ok := e.(*ast.ArrowFunctionLiteral); ok {
		end = a.endOfArrow(fn, len(a.src))
	}
	for {
		next := a.skipSpace(end)
		if next >= len(a.src) || a.src[next] != ')' {
			return end
		}
		end = next + 1
	}
}

func (a *annotator) afterSemicolon(at int) int {
	if next := a.skipSpace(at); next < len(a.src) && a.src[next] == ';' {
		return next + 1
	}
	return at
}

// skipSpace returns the offset of the next thing that is neither space nor comment.
func (a *annotator) skipSpace(at int) int {
	for at < len(a.src) {
		rest := a.src[at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return len(a.src)
			}
			at += n + 4
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return len(a.src)
			}
			at += n
		case strings.ContainsRune(" \t\r\n\v\f", rune(rest[0])):
			at++
		default:
			return at
		}
	}
	return at
}

// declare notes the functions and variables that a statement names.
func (a *annotator) declare(sc *scope, st ast.Statement, end int) {
	switch st := st.(type) {
	case *ast.FunctionDeclaration:
		if st.Function.Name != nil {
			sc.names[st.Function.Name.Name.String()] = declaration{fn: st.Function, at: sc.start}
		}
	case *ast.ClassDeclaration:
		if st.Class.Name != nil {
			sc.names[st.Class.Name.Name.String()] = declaration{fn: st.Class, at: end}
		}
	case *ast.VariableStatement:
		declareAll(sc, st.List, end)
	case *ast.LexicalDeclaration:
		declareAll(sc, st.List, end)
	}
}

func declareAll(sc *scope, list []*ast.Binding, end int) {
	for _, b := range list {
		if name, ok := identifier(b.Target); ok {
			sc.names[name] = declaration{fn: functionOf(b.Initializer), at: end}
		}
	}
}

// functionOf returns the expression when it is a function or a class.
func functionOf(e ast.Expression) ast.Node {
	switch e := e.(type) {
	case *ast.FunctionLiteral:
		return e
	case *ast.ArrowFunctionLiteral:
		return e
	case *ast.ClassLiteral:
		return e
	}
	return nil
}

// visit looks at one node; blocks of functions open a scope of their own.
func (a *annotator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		a.enter(n.ParameterList, n.Body)
		return false
	case *ast.ArrowFunctionLiteral:
		if body, ok := n.Body.(*ast.BlockStatement); ok {
			a.enter(n.ParameterList, body)
			return false
		}
	case *ast.BlockStatement:
		a.block(n.List, offset(n.LeftBrace)+1)
		return false
	case *ast.CallExpression:
		a.call(n)
	case *ast.ClassDeclaration:
		a.classBody(n.Class)
	case *ast.PropertyKeyed:
		a.markedValue(start(n), n.Value)
	case *ast.ReturnStatement:
		a.markedValue(start(n), n.Argument)
	case *ast.ObjectLiteral:
		a.markedObject(n)
	}
	return true
}

// enter handles a function's body; its parameters hide what has their names outside.
func (a *annotator) enter(params *ast.ParameterList, body *ast.BlockStatement) {
	sc := &scope{names: map[string]declaration{}}
	for _, p := range params.List {
		if name, ok := identifier(p.Target); ok {
			sc.names[name] = declaration{}
		}
	}
	a.scopes = append(a.scopes, sc)
	a.block(body.List, offset(body.LeftBrace)+1)
	a.scopes = a.scopes[:len(a.scopes)-1]
}

// lookup returns what a name stands for here.
func (a *annotator) lookup(name string) (declaration, bool) {
	for _, sc := range slices.Backward(a.scopes) {
		if d, ok := sc.names[name]; ok {
			return d, d.fn != nil
		}
	}
	return declaration{}, false
}

// Package angular reads and completes scripts of AngularJS 1.x: which modules a script
// declares and uses ([Modules]), in which order scripts have to load ([Sort]), which
// functions need their dependencies written out before names are shortened
// ([Annotate]), and the scripts that a build makes of templates ([TemplateCache]) and of
// settings ([Config]).
//
// Everything works on a syntax tree, never on patterns in text, and changes a script by
// insertions alone: no line of it moves.
package angular

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// SyntaxError is the first mistake that keeps a script from being read.
type SyntaxError struct {
	Line, Column int // from 1; the column in characters
	Message      string
}

// Error returns "line:column: message".
func (e *SyntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// script is a parsed classic script.
type script struct {
	src  string
	body []ast.Statement
}

// parse reads a classic script; the error is a *SyntaxError.
func parse(src string) (*script, error) {
	prog, err := parser.ParseFile(nil, "", readable(src), parser.IgnoreRegExpErrors, parser.WithDisableSourceMaps)
	if err == nil {
		return &script{src: src, body: prog.Body}, nil
	}
	var list parser.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return nil, &SyntaxError{Line: 1, Column: 1, Message: err.Error()}
	}
	at := list[0].Position
	return nil, &SyntaxError{Line: at.Line, Column: column(src, at.Line, at.Column), Message: list[0].Message}
}

var (
	importCall = regexp.MustCompile(`\bimport(\s*[(.])`)
	awaitLoop  = regexp.MustCompile(`\bfor(\s+)await\b`)
)

// readable returns a script of the same length in which import("x") and import.meta are a
// call and a property like any other, and for await is a loop: the parser has none of
// them. Where text that is no code has such words, nobody asks for it.
func readable(src string) string {
	src = asUTF8(src)
	if strings.Contains(src, "import") { // most scripts have none of it, and expressions are slow to say so
		src = importCall.ReplaceAllString(src, "_mport$1")
	}
	if strings.Contains(src, "await") {
		src = awaitLoop.ReplaceAllString(src, "for$1     ")
	}
	return src
}

// asUTF8 puts a question mark for each byte that is no UTF-8, as in sources of the
// Latin-1 age: browsers read them too, and places stay where they are.
func asUTF8(src string) string {
	if utf8.ValidString(src) {
		return src
	}
	out := []byte(src)
	for i := 0; i < len(out); {
		r, size := utf8.DecodeRune(out[i:])
		if r == utf8.RuneError && size == 1 {
			out[i] = '?'
		}
		i += size
	}
	return string(out)
}

// column turns a column in bytes into one in characters.
func column(src string, line, bytes int) int {
	for range line - 1 {
		_, src, _ = strings.Cut(src, "\n")
	}
	return utf8.RuneCountInString(src[:min(max(bytes-1, 0), len(src))]) + 1
}

// offset returns the byte offset of a position in the tree.
func offset(i file.Idx) int { return int(i) - 1 }

// start returns the byte offset at which a node begins.
func start(n ast.Node) int { return offset(n.Idx0()) }

// walk calls visit for a node and all below it, parents first; visit returning false
// leaves out what is below.
func walk(n ast.Node, visit func(ast.Node) bool) {
	if !visit(n) {
		return
	}
	eachChild(n, func(c ast.Node) { walk(c, visit) })
}

// eachChild calls fn for the direct children of a node, in the order of the text.
func eachChild(n ast.Node, fn func(ast.Node)) {
	if childrenOfStatement(n, fn) {
		return
	}
	childrenOfExpression(n, fn)
}

func childrenOfStatement(n ast.Node, fn func(ast.Node)) bool {
	switch n := n.(type) {
	case *ast.BlockStatement:
		each(n.List, fn)
	case *ast.ExpressionStatement:
		one(n.Expression, fn)
	case *ast.VariableStatement:
		each(n.List, fn)
	case *ast.LexicalDeclaration:
		each(n.List, fn)
	case *ast.ReturnStatement:
		one(n.Argument, fn)
	case *ast.ThrowStatement:
		one(n.Argument, fn)
	case *ast.IfStatement:
		one(n.Test, fn)
		one(n.Consequent, fn)
		one(n.Alternate, fn)
	case *ast.LabelledStatement:
		one(n.Statement, fn)
	case *ast.WithStatement:
		one(n.Object, fn)
		one(n.Body, fn)
	case *ast.FunctionDeclaration:
		fn(n.Function)
	case *ast.ClassDeclaration:
		fn(n.Class)
	case *ast.TryStatement:
		childrenOfTry(n, fn)
	case *ast.SwitchStatement:
		one(n.Discriminant, fn)
		for _, c := range n.Body {
			one(c.Test, fn)
			each(c.Consequent, fn)
		}
	default:
		return childrenOfLoop(n, fn)
	}
	return true
}

func childrenOfTry(n *ast.TryStatement, fn func(ast.Node)) {
	fn(n.Body)
	if n.Catch != nil {
		fn(n.Catch.Body)
	}
	if n.Finally != nil {
		fn(n.Finally)
	}
}

func childrenOfLoop(n ast.Node, fn func(ast.Node)) bool {
	switch n := n.(type) {
	case *ast.DoWhileStatement:
		one(n.Body, fn)
		one(n.Test, fn)
	case *ast.WhileStatement:
		one(n.Test, fn)
		one(n.Body, fn)
	case *ast.ForInStatement:
		one(n.Source, fn)
		one(n.Body, fn)
	case *ast.ForOfStatement:
		one(n.Source, fn)
		one(n.Body, fn)
	case *ast.ForStatement:
		childrenOfInitializer(n.Initializer, fn)
		one(n.Test, fn)
		one(n.Update, fn)
		one(n.Body, fn)
	default:
		return false
	}
	return true
}

func childrenOfInitializer(n ast.ForLoopInitializer, fn func(ast.Node)) {
	switch n := n.(type) {
	case *ast.ForLoopInitializerExpression:
		one(n.Expression, fn)
	case *ast.ForLoopInitializerVarDeclList:
		each(n.List, fn)
	case *ast.ForLoopInitializerLexicalDecl:
		each(n.LexicalDeclaration.List, fn)
	}
}

func childrenOfExpression(n ast.Node, fn func(ast.Node)) {
	switch n := n.(type) {
	case *ast.Binding:
		one(n.Initializer, fn)
	case *ast.CallExpression:
		one(n.Callee, fn)
		each(n.ArgumentList, fn)
	case *ast.NewExpression:
		one(n.Callee, fn)
		each(n.ArgumentList, fn)
	case *ast.DotExpression:
		one(n.Left, fn)
	case *ast.PrivateDotExpression:
		one(n.Left, fn)
	case *ast.BracketExpression:
		one(n.Left, fn)
		one(n.Member, fn)
	case *ast.AssignExpression:
		one(n.Left, fn)
		one(n.Right, fn)
	case *ast.BinaryExpression:
		one(n.Left, fn)
		one(n.Right, fn)
	case *ast.ConditionalExpression:
		one(n.Test, fn)
		one(n.Consequent, fn)
		one(n.Alternate, fn)
	case *ast.SequenceExpression:
		each(n.Sequence, fn)
	case *ast.ArrayLiteral:
		each(n.Value, fn)
	case *ast.ObjectLiteral:
		each(n.Value, fn)
	case *ast.PropertyKeyed:
		one(n.Value, fn)
	case *ast.TemplateLiteral:
		one(n.Tag, fn)
		each(n.Expressions, fn)
	default:
		childrenOfWrapper(n, fn)
	}
}

// childrenOfWrapper covers functions, classes and what holds one expression.
func childrenOfWrapper(n ast.Node, fn func(ast.Node)) {
	switch n := n.(type) {
	case *ast.SpreadElement:
		one(n.Expression, fn)
	case *ast.OptionalChain:
		one(n.Expression, fn)
	case *ast.Optional:
		one(n.Expression, fn)
	case *ast.UnaryExpression:
		one(n.Operand, fn)
	case *ast.AwaitExpression:
		one(n.Argument, fn)
	case *ast.YieldExpression:
		one(n.Argument, fn)
	case *ast.FunctionLiteral:
		fn(n.Body)
	case *ast.ArrowFunctionLiteral:
		fn(n.Body)
	case *ast.ExpressionBody:
		one(n.Expression, fn)
	case *ast.ClassLiteral:
		one(n.SuperClass, fn)
		each(n.Body, fn)
	case *ast.MethodDefinition:
		fn(n.Body)
	case *ast.FieldDefinition:
		one(n.Initializer, fn)
	case *ast.ClassStaticBlock:
		fn(n.Block)
	}
}

// one calls fn for a child that may be missing.
func one[N ast.Node](n N, fn func(ast.Node)) {
	if any(n) != nil {
		fn(n)
	}
}

func each[N ast.Node](list []N, fn func(ast.Node)) {
	for _, n := range list {
		one(n, fn)
	}
}

// text returns what a string literal, or a template without expressions, stands for.
func text(e ast.Expression) (string, bool) {
	switch e := e.(type) {
	case *ast.StringLiteral:
		return e.Value.String(), true
	case *ast.TemplateLiteral:
		if e.Tag == nil && len(e.Expressions) == 0 && len(e.Elements) == 1 {
			return e.Elements[0].Parsed.String(), true
		}
	}
	return "", false
}

// identifier returns the name of a plain name.
func identifier(e ast.Expression) (string, bool) {
	id, ok := e.(*ast.Identifier)
	if !ok {
		return "", false
	}
	return id.Name.String(), true
}

// member returns the receiver and the name of "receiver.name".
func member(e ast.Expression) (receiver ast.Expression, name string, ok bool) {
	dot, ok := e.(*ast.DotExpression)
	if !ok {
		return nil, "", false
	}
	return dot.Left, dot.Identifier.Name.String(), true
}

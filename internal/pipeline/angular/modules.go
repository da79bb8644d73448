package angular

import (
	"slices"

	"github.com/dop251/goja/ast"
)

// Info is what a script says about AngularJS modules.
type Info struct {
	// Declares lists the modules made here, angular.module(name, [...]), in order.
	Declares []string
	// Needs lists the modules that must have been made before the script runs: those
	// it adds to, angular.module(name), without those it declares or that one of its
	// declarations depends on.
	Needs []string
}

// Modules reads a classic script; the error is a *[SyntaxError].
func Modules(src string) (Info, error) {
	s, err := parse(src)
	if err != nil {
		return Info{}, err
	}
	r := moduleReader{names: map[string]string{}, deps: map[string]bool{}}
	for _, st := range s.body {
		walk(st, r.visit)
	}
	return r.info(), nil
}

// moduleReader collects while it walks.
type moduleReader struct {
	names    map[string]string // variables that hold a string
	declares []string
	uses     []string
	deps     map[string]bool // what the declarations depend on
}

func (r *moduleReader) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Binding:
		if name, ok := identifier(n.Target); ok {
			if value, ok := text(n.Initializer); ok {
				r.names[name] = value
			}
		}
	case *ast.CallExpression:
		r.call(n)
	}
	return true
}

func (r *moduleReader) call(call *ast.CallExpression) {
	if name, ok := identifier(call.Callee); ok && name == "angularModule" && len(call.ArgumentList) > 0 {
		// AngularJS itself declares "ng" through a helper of this name.
		if module, _ := text(call.ArgumentList[0]); module == "ng" {
			r.declares = append(r.declares, "ng")
		}
		return
	}
	if !isAngularModule(call) {
		return
	}
	name, ok := text(call.ArgumentList[0])
	if id, isName := identifier(call.ArgumentList[0]); isName {
		name, ok = r.names[id], r.names[id] != ""
	}
	switch {
	case !ok:
	case len(call.ArgumentList) == 1:
		r.uses = append(r.uses, name)
	default:
		r.declares = append(r.declares, name)
		if list, ok := call.ArgumentList[1].(*ast.ArrayLiteral); ok {
			for _, e := range list.Value {
				if dep, ok := text(e); ok {
					r.deps[dep] = true
				}
			}
		}
	}
}

// isAngularModule reports whether a call is angular.module(name, …).
func isAngularModule(call *ast.CallExpression) bool {
	receiver, name, ok := member(call.Callee)
	if !ok || name != "module" || len(call.ArgumentList) == 0 {
		return false
	}
	if _, last, ok := member(receiver); ok { // window.angular
		return last == "angular"
	}
	root, ok := identifier(receiver)
	return ok && root == "angular"
}

func (r *moduleReader) info() Info {
	info := Info{Declares: uniq(r.declares)}
	for _, name := range uniq(r.uses) {
		if !slices.Contains(info.Declares, name) && !r.deps[name] && name != "ng" {
			info.Needs = append(info.Needs, name)
		}
	}
	return info
}

func uniq(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Sort returns the order in which scripts must load, as indexes: whatever adds to a
// module comes after what declares it. The order among the rest is the one that
// gulp-angular-filesort gives, so that a page lists its scripts as it always did. When
// scripts need each other in a circle, cycle holds those of one circle, and the order
// breaks it at the script that comes first.
func Sort(infos []Info) (order, cycle []int) {
	declaredIn := map[string]int{}
	for i, info := range infos {
		for _, name := range info.Declares {
			declaredIn[name] = i
		}
	}
	s := sorter{needs: make([][]int, len(infos)), state: make([]int, len(infos))}
	for i, info := range infos {
		for _, name := range info.Needs {
			if d, ok := declaredIn[name]; ok && d != i {
				s.needs[i] = append(s.needs[i], d)
			}
		}
	}
	for i := len(infos) - 1; i >= 0; i-- {
		s.visit(i, nil)
	}
	return s.order, s.cycle
}

// sorter walks depth first, the last script first, the last need first.
type sorter struct {
	needs [][]int
	state []int // 0 new, 1 being visited, 2 done
	order []int
	cycle []int
}

func (s *sorter) visit(i int, path []int) {
	if s.state[i] == 1 && s.cycle == nil {
		s.cycle = slices.Clone(path[slices.Index(path, i):])
	}
	if s.state[i] != 0 {
		return
	}
	s.state[i] = 1
	path = append(path, i)
	for _, need := range slices.Backward(s.needs[i]) {
		s.visit(need, path)
	}
	s.state[i] = 2
	s.order = append(s.order, i)
}

package angular

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program makes random applications and notes what each function has to be given.
type program struct {
	*rand.Rand
	before, chain, after strings.Builder
	want                 []string
	names                int
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// space is what may stand between two tokens; comments try to look like code.
func (p *program) space() string {
	return pick(p.Rand, "", " ", "\n", "/* ) */", "/*/ ( */", " /* ] function (a) { */ ", "// ; }\n")
}

// params returns a list of parameters, and the same as the injector is told of it.
func (p *program) params() (text, names string) {
	var list []string
	for i := range p.IntN(4) {
		list = append(list, pick(p.Rand, "$scope", "$http", "$q", "jobs", "_", "é", "a$b")+fmt.Sprint(i))
	}
	return strings.Join(list, ","+p.space()), strings.Join(list, ",")
}

// function writes a function in one of its forms, in place or by a name; a class only
// where AngularJS calls new.
func (p *program) function(class bool) (expression, names string) {
	params, names := p.params()
	body := "return function (x, y) { return [x, y, " + names + "]; };" // so that a minifier keeps them
	forms := []string{
		"function" + p.space() + "(" + params + ") {" + body + "}",
		"function named(" + params + ") { 'use strict'; " + body + "}",
		"(" + params + ") => { " + body + " }",
		"(" + params + ") => (" + p.space() + "{ uses: [" + names + "]" + p.space() + "})",
		"(" + params + ") => [" + names + "]",
	}
	if class {
		forms = append(forms, "class { constructor("+params+") { this.uses = ["+names+"]; } }")
	}
	fn := pick(p.Rand, forms...)
	if p.IntN(2) == 0 {
		return fn, names
	}
	p.names++
	name := fmt.Sprint("fn", p.names)
	switch p.IntN(3) {
	case 0:
		first := pick(p.Rand, "var ", "const ", "let other"+name+" = 1, ")
		p.before.WriteString(first + name + " = " + fn + pick(p.Rand, ";", ";\n", ", more"+name+" = 2;", ";// ;\n"))
	case 1:
		p.before.WriteString("var " + name + " = (" + p.space() + fn + p.space() + ")" + pick(p.Rand, ";", "\n;"))
	case 2:
		p.after.WriteString("function " + name + "(" + params + ") {" + body + "}" + p.space())
	}
	return name, names
}

func (p *program) register() {
	kind := pick(p.Rand, "controller", "service", "factory", "filter", "run", "config", "component")
	name := fmt.Sprint("N", len(p.want))
	fn, names := p.function(kind == "controller" || kind == "service" || kind == "component")
	if p.IntN(8) == 0 { // an annotation of the author's own stays
		fn, names = `["mine", function (theirs) { return theirs; }]`, "mine"
	}
	argument := p.space() + fn + p.space()
	p.chain.WriteString(p.space() + "." + kind + "(")
	switch kind {
	case "run", "config":
		p.chain.WriteString(argument)
		p.want = append(p.want, kind+": "+names)
	case "component":
		p.chain.WriteString("'" + name + "', { bindings: {}, controller: " + argument + " }")
		p.want = append(p.want, kind+" "+name+": "+names)
	default:
		p.chain.WriteString("'" + name + "'," + argument)
		p.want = append(p.want, kind+" "+name+": "+names)
	}
	p.chain.WriteString(")")
}

// String returns the program, maybe in a function of its own.
func (p *program) String() string {
	src := p.before.String() + "angular.module('app', [])" + p.chain.String() + ";\n" + p.after.String()
	return pick(rand.New(rand.NewPCG(uint64(len(src)), 1)), src, "(function () { 'use strict'\n"+src+"})();", "(() => {"+src+"})();", "{ "+src+" }")
}

// Each random application is annotated, shortened by a real minifier, and run: every
// function must be given what its author named.
func TestRandomApplicationsSurviveAMinifier(t *testing.T) {
	for seed := range uint64(60) {
		p := &program{Rand: rand.New(rand.NewPCG(seed, 3))}
		for range 1 + p.IntN(5) {
			p.register()
		}
		src := p.String()
		out := annotated(t, src)
		if diff := cmp.Diff(p.want, runMinified(t, out)); diff != "" {
			t.Fatalf("seed %d: injected (-want +got):\n%s\n%s\nbecame\n%s", seed, diff, src, out)
		}
		if again := annotated(t, out); again != out {
			t.Fatalf("seed %d: a second time:\n%s\n%s", seed, out, again)
		}
		if strings.Count(out, "\n") != strings.Count(src, "\n") {
			t.Fatalf("seed %d: the number of lines changed", seed)
		}
	}
}

// Loading in the order of Sort, no script adds to a module that is not there yet, unless
// scripts need each other in a circle.
func TestScriptsLoadInTheOrderOfSort(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		infos := make([]Info, 1+r.IntN(8))
		for i := range infos {
			for m := range 4 {
				switch r.IntN(6) {
				case 0:
					infos[i].Declares = append(infos[i].Declares, fmt.Sprint("m", m))
				case 1, 2:
					infos[i].Needs = append(infos[i].Needs, fmt.Sprint("m", m))
				}
			}
		}
		order, cycle := Sort(infos)
		declaredIn := map[string]int{} // the last one wins, as in a browser
		place := make([]int, len(infos))
		for at, i := range order {
			place[i] = at + 1
		}
		for i, info := range infos {
			for _, m := range info.Declares {
				declaredIn[m] = i
			}
			if place[i] == 0 {
				t.Fatalf("seed %d: script %d is missing in %v", seed, i, order)
			}
		}
		for i, info := range infos {
			for _, m := range info.Needs {
				d, known := declaredIn[m]
				if known && d != i && place[d] > place[i] && cycle == nil {
					t.Fatalf("seed %d: %d needs %s of %d, which comes later: %v of %+v", seed, i, m, d, order, infos)
				}
			}
		}
		if len(order) != len(infos) {
			t.Fatalf("seed %d: %d scripts in the order of %d", seed, len(order), len(infos))
		}
	}
}

package gulp

import (
	"fmt"
	"strings"
)

// Describe returns the plan in lines for people: each task with its place and what it
// needs, below it, indented, what it does, a stream a line.
func (p *Plan) Describe() []string {
	var lines []string
	for _, t := range p.Tasks {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s  %s", t.Name, t.Place)))
		lines = append(lines, describeWork(t.Work, "  ")...)
	}
	return lines
}

func describeWork(work Work, indent string) []string {
	switch work := work.(type) {
	case *Series:
		return describeAll(work.Of, indent)
	case *Parallel:
		return describeAll(work.Of, indent)
	case TaskName:
		return []string{indent + "task " + string(work)}
	case *Body:
		var lines []string
		for _, a := range work.Actions {
			lines = append(lines, describeAction(a, indent)...)
		}
		return lines
	}
	return nil
}

func describeAll(list []Work, indent string) []string {
	var lines []string
	for _, work := range list {
		lines = append(lines, describeWork(work, indent)...)
	}
	return lines
}

func describeAction(a Action, indent string) []string {
	switch a := a.(type) {
	case *Stream:
		return []string{indent + a.Line(false)}
	case *Call:
		return []string{indent + "call " + a.Op.Plugin}
	case *Write:
		return []string{indent + "write " + a.Path}
	case *Delete:
		return []string{indent + "delete " + strings.Join(a.Globs, ", ")}
	case *Watch:
		return append([]string{indent + "watch " + strings.Join(a.Globs, ", ")}, describeWork(a.Work, indent+"  ")...)
	case *Server:
		return []string{indent + "server " + a.Kind}
	case *Command:
		return []string{indent + "command " + a.Line}
	case *Start:
		return describeWork(a.Work, indent)
	}
	return nil
}

// Ops calls visit for every op that a task's streams go through, with the task, each op
// once.
func (p *Plan) Ops(task string, visit func(*Task, *Op)) {
	seen := map[*Op]bool{}
	p.Walk(task, func(t *Task, a Action) {
		if st, ok := a.(*Stream); ok {
			st.ops(seen, func(op *Op) { visit(t, op) })
		}
	})
}

func (st *Stream) ops(seen map[*Op]bool, visit func(*Op)) {
	for ; st != nil; st = st.Prev {
		st.Op.each(seen, visit)
	}
}

// each visits an op and those in its arguments and its chain.
func (op *Op) each(seen map[*Op]bool, visit func(*Op)) {
	if op == nil || seen[op] {
		return
	}
	seen[op] = true
	visit(op)
	if op.Plugin == "lazypipe" { // what a bundler's chain holds is told by the bundler
		for _, inner := range op.Chain {
			inner.each(seen, visit)
		}
	}
	for _, arg := range op.Args {
		switch arg := arg.(type) {
		case *Stream:
			arg.ops(seen, visit)
		case *Op:
			arg.each(seen, visit)
		}
	}
}

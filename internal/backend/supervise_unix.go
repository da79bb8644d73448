//go:build !windows

package backend

import (
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// superviseVar tells this program to be a supervisor; its value is the grace.
const superviseVar = "REALTIMECTL_SUPERVISE"

// orphanGrace is the grace when we were killed: nobody waits to see a tidy end, and the
// port should be free when somebody starts us again.
const orphanGrace = time.Second

// killEvery is how often what is left is killed again: a process may fork meanwhile.
const killEvery = 10 * time.Millisecond

// askAgainEvery is how often who came since is asked to end as well: a process that was forked
// between our look at the table and the end of its parent has not heard.
const askAgainEvery = 50 * time.Millisecond

// Supervised says whether this process was started to be a supervisor.
func Supervised() bool { return os.Getenv(superviseVar) != "" }

// Supervise runs this process as the supervisor of one command, if it was started for
// that. Main calls it before anything else and, if ok, exits with the code at once:
//
//	if code, ok := backend.Supervise(); ok {
//		os.Exit(code)
//	}
func Supervise() (code int, ok bool) {
	grace, err := time.ParseDuration(os.Getenv(superviseVar))
	if !Supervised() {
		return 0, false
	}
	if err != nil || len(os.Args) != 3 {
		return 2, true
	}
	// The kernel ties the death signal of a child to the thread that made it.
	runtime.LockOSThread()
	syscall.CloseOnExec(ordersFD)
	syscall.CloseOnExec(reportFD)
	v := &supervisor{
		mark: os.Args[2], grace: grace,
		report: json.NewEncoder(os.NewFile(reportFD, "report")),
	}
	return v.run(os.Args[1]), true
}

// supervisor watches over one command.
type supervisor struct {
	mark   string
	grace  time.Duration
	report *json.Encoder
	root   int // pid of the command

	stopping bool
	asked    map[int]bool // to end
	forced   bool         // killed on our order, so that nobody is to blame
	named    map[int]bool // offenders that were reported
}

func (v *supervisor) run(run string) int {
	becomeSubreaper()
	// Before the command: a signal for us must not go unheard.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	argv := shell(run)
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env:   withoutVar(os.Environ(), superviseVar),
		Files: []uintptr{0, 1, 2},
		Sys:   childAttributes(isTerminal()),
	})
	if err != nil {
		v.say(news{Error: "start " + argv[0] + ": " + err.Error()})
		return 1
	}
	v.root = pid
	v.say(news{PID: pid})
	v.watch(reap(), readOrders(), signals)
	return 0
}

// say reports; if nobody listens any more there is nobody to tell.
func (v *supervisor) say(n news) { _ = v.report.Encode(n) }

// ended is a child that was reaped.
type ended struct {
	pid    int
	status syscall.WaitStatus
}

// reap waits for every child, also those that were adopted. The channel is closed when
// there is none left.
func reap() <-chan ended {
	children := make(chan ended)
	go func() {
		defer close(children)
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, 0, nil)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if err != nil {
				return
			}
			children <- ended{pid, status}
		}
	}()
	return children
}

// readOrders hands on the orders; the channel is closed when we are gone.
func readOrders() <-chan byte {
	orders := make(chan byte)
	go func() {
		defer close(orders)
		pipe := os.NewFile(ordersFD, "orders")
		for {
			var b [1]byte
			if _, err := pipe.Read(b[:]); err != nil {
				return
			}
			orders <- b[0]
		}
	}()
	return orders
}

// watch returns once the command and all its descendants have ended.
func (v *supervisor) watch(children <-chan ended, orders <-chan byte, signals <-chan os.Signal) {
	deadline, again := time.NewTimer(v.grace), time.NewTimer(v.grace)
	deadline.Stop()
	again.Stop()
	stop := func(grace time.Duration) {
		if !v.stopping {
			v.stopping = true
			v.ask()
			again.Reset(askAgainEvery)
			deadline.Reset(grace)
		}
	}
	for {
		select {
		case child, more := <-children:
			if !more && len(v.tree()) == 0 {
				return
			}
			if !more { // what is left is not ours to wait for: look again until it is gone
				children = nil
				v.stopping = true
				deadline.Reset(killEvery)
				continue
			}
			if child.pid == v.root {
				v.say(news{Exit: describe(child.status)})
				stop(v.grace)
			}
		case order, more := <-orders:
			switch {
			case !more && v.stopping: // somebody did not want to wait for the end
				orders = nil
				v.forced = true
				deadline.Reset(0)
			case !more: // we were killed
				orders = nil
				stop(min(v.grace, orphanGrace))
			case order == orderKill:
				v.stopping, v.forced = true, true
				deadline.Reset(0)
			default:
				stop(v.grace)
			}
		case <-signals:
			stop(v.grace)
		case <-again.C:
			v.ask()
			again.Reset(askAgainEvery)
		case <-deadline.C:
			again.Stop()
			v.blame()
			v.kill()
			if children == nil && len(v.tree()) == 0 {
				return
			}
			deadline.Reset(killEvery)
		}
	}
}

func describe(status syscall.WaitStatus) *exit {
	if status.Signaled() {
		return &exit{Code: -1, Signal: status.Signal().String()}
	}
	return &exit{Code: status.ExitStatus()}
}

// ask asks everything in the tree to end, each process once.
func (v *supervisor) ask() {
	if !canListProcesses && v.asked == nil {
		_ = syscall.Kill(-v.root, syscall.SIGTERM)
		_ = syscall.Kill(-v.root, syscall.SIGCONT)
	}
	if v.asked == nil {
		v.asked = map[int]bool{}
	}
	for _, p := range v.tree() {
		if !v.asked[p.pid] {
			v.asked[p.pid] = true
			_ = syscall.Kill(p.pid, syscall.SIGTERM) // it may have ended by itself since
			_ = syscall.Kill(p.pid, syscall.SIGCONT) // a stopped process hears only after it
		}
	}
}

// kill ends the whole tree.
func (v *supervisor) kill() {
	for _, p := range v.tree() {
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
	if !canListProcesses {
		_ = syscall.Kill(-v.root, syscall.SIGKILL)
	}
}

// blame reports each process that is still there, once.
func (v *supervisor) blame() {
	if v.forced {
		return
	}
	if v.named == nil {
		v.named = map[int]bool{}
	}
	for _, p := range v.tree() {
		if !v.named[p.pid] {
			v.named[p.pid] = true
			v.say(news{Offender: named(p)})
		}
	}
}

// tree returns what lives of the command and its descendants.
func (v *supervisor) tree() []proc {
	var tree []proc
	self := os.Getpid()
	table := processes()
	below := descendants(table, self)
	for _, p := range table {
		if p.pid != self && (below[p.pid] || !reapsOrphans && hasMark(p.pid, v.mark)) {
			tree = append(tree, p)
		}
	}
	return tree
}

// withoutVar returns env without one variable.
func withoutVar(env []string, name string) []string {
	set := setEnv(env, name, "")
	return set[:len(set)-1]
}

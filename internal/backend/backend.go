package backend

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Policy says when a service that has ended is started again.
type Policy string

// The policies. The zero value is OnFailure.
const (
	OnFailure Policy = "on-failure" // after a crash or a status other than 0
	Always    Policy = "always"
	Never     Policy = "never"
)

// Service is one command to run, or a server that others run.
type Service struct {
	// Name is unique in the group; it prefixes the output.
	Name string
	// Run is a line for the shell of the system: /bin/sh, or cmd on Windows.
	Run string
	// URL stands in place of Run for a server that somebody else starts. It is only asked
	// whether it answers, by Health, a path or tcp; others may depend on it.
	URL string
	// Dir is the folder to run in; "" is the current one.
	Dir string
	// Env is added to the environment and wins over EnvFile.
	Env map[string]string
	// EnvFile is a file of NAME=value lines, read anew at each start, relative to Dir. It
	// wins over the inherited environment; a file that does not exist is an error.
	// [Group.Changed] restarts the service if it has changed.
	EnvFile string
	// Port is passed on as $PORT; 0 takes a free one, kept over restarts.
	Port int
	// Health says when the service is up: "/path" answers 2xx or 3xx on the port, "tcp"
	// the port accepts, "log:REGEXP" a line of output matches. "" is tcp if Port is set
	// or Run speaks of PORT, else a service is up once it has started.
	Health string
	// Timeout bounds the time until it is healthy; 0 is 30 s. After that it is reported
	// as unhealthy and goes on running.
	Timeout time.Duration
	// Depends names services that must be healthy before this one is started; they are
	// stopped after it.
	Depends []string
	// Restart says whether to start it again when it ends.
	Restart Policy
	// Watch are globs, relative to Dir, with ** for any folders: [Group.Changed] restarts
	// the service if a file that matches one has changed.
	Watch []string
	// Log is a file that also gets the output, without colours; "" is none.
	Log string
}

// Options describe a group.
type Options struct {
	Services []Service
	// Supervisor is the program that calls [Supervise] first thing in main, normally the
	// one that is running (os.Executable). Required, except on Windows.
	Supervisor string
	// StateDir is where a run leaves its file; "" keeps no trace of it.
	StateDir string
	// Environ is the environment to inherit; nil is that of this process.
	Environ []string
	// Defaults are added where Environ has nothing of that name. The group itself adds
	// NAME_URL and NAME_PORT of each service, so that they find each other.
	Defaults map[string]string
	// Terminal gives each service a pseudo-terminal, so that it prints in colour.
	Terminal bool
	// Columns is the width of that terminal; 0 is 120.
	Columns int
	// Grace is the time between SIGTERM and SIGKILL; 0 is 5 s.
	Grace time.Duration
	// Output gets each line that a service prints, without its end; of escape sequences
	// only colours are left in it. Calls for one service come one at a time, in order.
	Output func(service, line string)
	// OnState is told each change of a service, in order for one service. It must return
	// quickly and not call the group.
	OnState func(State)
	// Log gets what happens to the services, not what they print; nil discards it.
	Log *slog.Logger
}

// defaults of the zero values in Options and Service.
const (
	defaultTimeout = 30 * time.Second
	defaultGrace   = 5 * time.Second
	defaultColumns = 120
)

// Group is a set of services. Its methods are safe for concurrent use.
type Group struct {
	opts     Options // Columns is guarded by mu
	id       string  // marks the processes of this run
	killed   chan struct{}
	killOnce sync.Once

	mu       sync.Mutex // guards what follows and the state of every service
	services []*service // in the order of their start; the list itself is never changed
	environ  []string   // for all of them
	over     bool       // Run starts nothing any more
	changed  chan struct{}
}

// New checks the services; nothing is started. Names that are not unique, dependencies
// that do not exist or go in a circle, and health checks that mean nothing are errors.
func New(o Options) (*Group, error) {
	if Supervised() {
		return nil, errors.New("this process was started as a supervisor: main must call backend.Supervise first")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	o.Columns = cmp.Or(o.Columns, defaultColumns)
	g := &Group{opts: o, id: rand.Text(), killed: make(chan struct{}), changed: make(chan struct{})}
	if _, err := g.Update(o.Services); err != nil {
		return nil, err
	}
	for _, s := range g.services {
		s.later = false
	}
	return g, nil
}

// URL returns where a service is to answer, such as "http://localhost:40123"; it is known
// before Run. localhost stands for both loopback addresses: the service picks one. ""
// says that there is no such service.
func (g *Group) URL(name string) string {
	s := g.find(name)
	if s == nil {
		return ""
	}
	return s.address()
}

func (s *service) address() string {
	if s.config.URL != "" {
		return s.config.URL
	}
	return fmt.Sprintf("http://localhost:%d", s.port)
}

// link resolves the dependencies of a list and puts it in an order that honours them.
func link(list []*service) (ordered []*service, needs map[*service][]*service, err error) {
	needs = map[*service][]*service{}
	for _, s := range list {
		for _, name := range s.config.Depends {
			i := slices.IndexFunc(list, func(o *service) bool { return o.config.Name == name })
			if i < 0 {
				return nil, nil, fmt.Errorf("back-end %s depends on %s, which does not exist", s.config.Name, name)
			}
			needs[s] = append(needs[s], list[i])
		}
	}
	for len(ordered) < len(list) {
		next := slices.IndexFunc(list, func(s *service) bool {
			return !slices.Contains(ordered, s) && !slices.ContainsFunc(needs[s], func(n *service) bool { return !slices.Contains(ordered, n) })
		})
		if next < 0 {
			return nil, nil, fmt.Errorf("these back-ends depend on each other in a circle: %s", circle(list, ordered))
		}
		ordered = append(ordered, list[next])
	}
	return ordered, needs, nil
}

func circle(list, ordered []*service) string {
	var names []string
	for _, s := range list {
		if !slices.Contains(ordered, s) {
			names = append(names, s.config.Name)
		}
	}
	return strings.Join(names, ", ")
}

// list returns the services as they are now.
func (g *Group) list() []*service {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.services
}

func (g *Group) find(name string) *service {
	for _, s := range g.list() {
		if s.config.Name == name {
			return s
		}
	}
	return nil
}

// Run first ends what an earlier run has left behind, then starts the services, also
// those that come later, and returns once ctx is done and every process has ended. It is
// called once.
func (g *Group) Run(ctx context.Context) error {
	g.endLeftovers(ctx)
	var wg sync.WaitGroup
	var removeTrace func()
	defer func() {
		g.finish()
		wg.Wait()
		if removeTrace != nil {
			removeTrace()
		}
	}()
	for {
		fresh, changed := g.fresh()
		if len(fresh) > 0 && removeTrace == nil {
			var err error
			if removeTrace, err = g.leaveTrace(); err != nil {
				return err // nothing runs yet
			}
		}
		for _, s := range fresh {
			wg.Go(func() { s.live(ctx) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// finish lets nobody wait for a service that Run will not start.
func (g *Group) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	g.skip(g.services)
}

// fresh returns the services that nobody has started yet; from now on they count as
// started.
func (g *Group) fresh() (fresh []*service, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.services {
		if !s.begun {
			s.begun = true
			fresh = append(fresh, s)
		}
	}
	return fresh, g.changed
}

// Kill ends every process at once, without a chance to tidy up: the second Ctrl-C. It
// is meant for after the context of Run is done; Run returns soon after it.
func (g *Group) Kill() {
	g.killOnce.Do(func() { close(g.killed) })
}

// Restart stops a service and starts it again, with its environment file read anew; one
// that has ended is started. It returns at once; states tell the rest. An unknown name is
// an error.
func (g *Group) Restart(name string) error {
	s := g.find(name)
	if s == nil {
		return fmt.Errorf("there is no back-end %s", name)
	}
	s.restart()
	return nil
}

// Started waits until a service runs, healthy or not, so that it can be given input.
func (g *Group) Started(ctx context.Context, name string) error {
	s := g.find(name)
	if s == nil {
		return fmt.Errorf("there is no back-end %s", name)
	}
	for {
		g.mu.Lock()
		runs, changed := s.state.PID != 0, g.changed
		g.mu.Unlock()
		if runs {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// Input writes to the standard input of a service. If it is not running the text is
// lost, and the error says so.
func (g *Group) Input(name string, text []byte) error {
	s := g.find(name)
	if s == nil {
		return fmt.Errorf("there is no back-end %s", name)
	}
	return s.input(text)
}

// States returns the state of every service, in the order of their start.
func (g *Group) States() []State {
	g.mu.Lock()
	defer g.mu.Unlock()
	var states []State
	for _, s := range g.services {
		states = append(states, s.state)
	}
	return states
}

// UnhealthyError says that a service did not become healthy.
type UnhealthyError struct {
	Name   string
	Reason string   // half a sentence: "it exited with status 1"
	Lines  []string // the last lines it printed
}

// Error says which service and why, without its output.
func (e *UnhealthyError) Error() string {
	return fmt.Sprintf("back-end %s did not become healthy: %s", e.Name, e.Reason)
}

// Ready waits until every service that [New] was given has been healthy once. It returns
// an [*UnhealthyError] for the first command that has failed: its time ran out, it ended for
// good, it could not be started, or it has crashed three times. Services are tried
// further. What others run is waited for as long as it takes.
func (g *Group) Ready(ctx context.Context) error {
	for {
		first := slices.DeleteFunc(slices.Clone(g.list()), func(s *service) bool { return s.later })
		ready, changed, err := g.readiness(func() []*service { return first })
		if ready || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// Wait waits while a service starts or restarts, until it is healthy. It returns an
// [*UnhealthyError] at once if there is nothing to wait for: the service has ended and is
// not started again by itself, or its time to become healthy is over. Other errors are
// that of ctx, and that there is no such service.
func (g *Group) Wait(ctx context.Context, name string) error {
	s := g.find(name)
	if s == nil {
		return fmt.Errorf("there is no back-end %s", name)
	}
	for {
		g.mu.Lock()
		state, changed := s.state, g.changed
		g.mu.Unlock()
		switch state.Phase {
		case Healthy:
			return nil
		case Exited, Unhealthy, Stopped:
			return &UnhealthyError{name, state.Reason, s.tail.lines()}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// readiness says whether all of some services have been healthy, or that one has failed;
// changed is closed with the next change.
func (g *Group) readiness(services func() []*service) (ready bool, changed <-chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ready = true
	for _, s := range services() {
		if s.wasHealthy {
			continue
		}
		ready = false
		if s.failure != "" {
			return false, g.changed, &UnhealthyError{s.config.Name, s.failure, s.tail.lines()}
		}
	}
	return ready, g.changed, nil
}

// update changes the state of a service under the lock and tells everyone.
func (g *Group) update(s *service, change func()) {
	g.mu.Lock()
	change()
	state := s.state
	g.tell()
	g.mu.Unlock()
	if g.opts.OnState != nil {
		g.opts.OnState(state)
	}
}

// tell wakes whoever waits for a change; mu is held.
func (g *Group) tell() {
	close(g.changed)
	g.changed = make(chan struct{})
}

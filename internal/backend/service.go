package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A service that crashes is started again after a pause that doubles from the first to
// the last. A run of steady length makes the next pause the first again.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
	steady     = 10 * time.Second
)

// crashesUntilFailure is how often a service may crash before it was ever healthy until
// Ready gives up on it.
const crashesUntilFailure = 3

// service is one member of a group; its goroutine is live.
type service struct {
	group  *Group
	config Service
	health check
	before *service      // the one whose place it takes; nil for a new one
	later  bool          // it came by an Update
	again  chan struct{} // holds one wish for a restart
	leave  chan struct{} // closed when it is to leave the group
	ended  chan struct{} // closed when live returns
	tail   tail
	port   int // what $PORT holds

	// What follows is guarded by group.mu.
	needs      []*service
	outliving  []*service // those that leave with it and need it; set before leave is closed
	begun      bool       // live was started
	state      State
	wasHealthy bool
	failure    string // why Ready should give up; "" while there is hope

	procMu sync.Mutex // guards proc
	proc   *process   // nil while nothing runs
}

func newService(g *Group, config Service) (*service, error) {
	if config.Name == "" || config.Run == "" && config.URL == "" {
		return nil, errors.New("needs a name and a command")
	}
	health, err := parseHealth(config)
	switch {
	case err != nil:
		return nil, err
	case config.URL != "" && (config.Run != "" || health.pattern != nil):
		return nil, errors.New("what others run has no command and no output")
	}
	config.Timeout = cmp.Or(config.Timeout, defaultTimeout)
	config.Restart = cmp.Or(config.Restart, OnFailure)
	switch config.Restart {
	case OnFailure, Always, Never:
	default:
		return nil, fmt.Errorf("restart is on-failure, always or never, not %q", config.Restart)
	}
	return &service{
		group: g, config: config, health: health,
		again: make(chan struct{}, 1), leave: make(chan struct{}), ended: make(chan struct{}),
		state: State{Name: config.Name, Phase: Waiting},
	}, nil
}

// set changes the phase; the rest of the state by change, if any.
func (s *service) set(phase Phase, change func(*State)) {
	s.group.update(s, func() {
		s.state.Phase, s.state.Reason = phase, ""
		if change != nil {
			change(&s.state)
		}
	})
}

// fail tells Ready to give up.
func (s *service) fail(reason string) {
	s.group.update(s, func() {
		if s.failure == "" {
			s.failure = reason
		}
	})
}

// live runs the service until ctx is done, or it is to leave, and all that need it have
// ended.
func (s *service) live(ctx context.Context) {
	defer close(s.ended)
	if s.before != nil {
		<-s.before.ended // whatever ends us has ended it too
		s.before = nil
	}
	defer s.set(Stopped, func(st *State) { st.PID = 0 })
	ctx, cancel := s.untilItLeaves(ctx)
	defer cancel()
	if s.config.URL != "" {
		s.lookAfter(ctx)
		return
	}
	if !s.awaitNeeds(ctx) {
		return
	}
	stop := s.stopSignal(ctx)
	pause := firstPause
	for crashes := 0; ; {
		began := time.Now()
		end := s.once(ctx, stop)
		switch {
		case end.stopped:
			return
		case end.restart:
			pause = firstPause
			s.restarted()
			continue
		}
		crashes++
		if time.Since(began) >= steady {
			pause, crashes = firstPause, 1
		}
		if !s.afterEnd(end, crashes, pause, stop) {
			return
		}
		pause = min(2*pause, lastPause)
		s.restarted()
	}
}

// untilItLeaves returns a context that is done when ctx is, or the service is to leave.
// cancel must be called; it returns when nothing of this is left.
func (s *service) untilItLeaves(ctx context.Context) (own context.Context, cancel func()) {
	own, end := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-s.leave:
			end()
		case <-own.Done():
		}
	}()
	return own, func() {
		end()
		<-watched
	}
}

func (s *service) restarted() {
	s.group.update(s, func() { s.state.Restarts++ })
}

// awaitNeeds waits for the services this one depends on; false if ctx was done first.
func (s *service) awaitNeeds(ctx context.Context) bool {
	for {
		// One that has failed may still recover, so its error does not end the wait.
		ready, changed, _ := s.group.readiness(func() []*service { return s.needs })
		if ready {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// stopSignal returns a channel that is closed when it is this service's turn to stop:
// ctx is done, and the services that need this one, and end as well, have ended.
func (s *service) stopSignal(ctx context.Context) <-chan struct{} {
	turn := make(chan struct{})
	go func() {
		defer close(turn)
		<-ctx.Done()
		for _, other := range s.group.outliving(s) {
			<-other.ended
		}
	}()
	return turn
}

// ending is how one run of the command came to its end.
type ending struct {
	stopped bool   // because we stop
	restart bool   // because a restart was asked for
	exit    exit   // by itself
	err     error  // it could not be started
	started bool   // false: err
	reason  string // half a sentence
}

// once starts the command and stays with it until it has ended.
func (s *service) once(ctx context.Context, stop <-chan struct{}) ending {
	began := time.Now()
	proc, err := s.start(ctx)
	if err != nil {
		return ending{err: err, reason: err.Error()}
	}
	defer s.hold(nil)
	s.hold(proc)
	s.set(Starting, func(st *State) { st.PID, st.URL = proc.pid, "" })
	s.group.opts.Log.Debug(fmt.Sprintf("%s: started, pid %d", s.config.Name, proc.pid),
		"event", "backend.started", "backend", s.config.Name, "pid", proc.pid, "port", s.port)

	// Health checks outlive neither the command nor us.
	checking, cancel := context.WithCancel(context.WithoutCancel(ctx))
	healthy := s.await(checking, proc)
	defer func() { cancel(); <-healthy.ended }()
	timeout := time.NewTimer(s.config.Timeout)
	defer timeout.Stop()
	up := healthy.url
	for {
		select {
		case url := <-up:
			up = nil
			timeout.Stop()
			s.becameHealthy(url, time.Since(began))
		case <-timeout.C:
			s.becameUnhealthy()
		case <-proc.done:
			s.blame(proc)
			return ending{started: true, exit: proc.exit, reason: proc.exit.String()}
		case <-s.again:
			s.end(proc)
			return ending{started: true, restart: true}
		case <-stop:
			s.end(proc)
			return ending{started: true, stopped: true}
		}
	}
}

func (s *service) becameHealthy(url string, took time.Duration) {
	s.group.opts.Log.Info(fmt.Sprintf("%s healthy %d ms", s.config.Name, took.Milliseconds()),
		"event", "backend.healthy", "backend", s.config.Name, "url", url, "ms", took.Milliseconds())
	s.group.update(s, func() {
		s.wasHealthy, s.failure = true, ""
		s.state.Phase, s.state.Reason = Healthy, ""
		s.state.URL, s.state.Took = url, took
	})
}

func (s *service) becameUnhealthy() {
	reason := fmt.Sprintf("%s after %s", s.health.missing(s.port), s.config.Timeout)
	s.set(Unhealthy, func(st *State) { st.Reason = reason })
	s.fail(reason)
	// Whether it goes on running is for others to say: Ready gives up on it.
	s.group.opts.Log.Warn(fmt.Sprintf("%s is not healthy: %s", s.config.Name, reason),
		"event", "backend.unhealthy", "backend", s.config.Name,
		"hint", "see its output above, or change health and timeout of this back-end")
}

// end stops a command and waits until its whole tree has ended.
func (s *service) end(proc *process) {
	s.set(Stopping, nil)
	proc.terminate()
	select {
	case <-proc.done:
	case <-s.group.killed:
		proc.kill()
		<-proc.done
	}
	s.blame(proc)
}

// blame names the processes that had to be killed.
func (s *service) blame(proc *process) {
	for _, name := range proc.offenders {
		s.group.opts.Log.Warn(fmt.Sprintf("%s: %s did not end within %s and was killed", s.config.Name, name, s.group.opts.Grace),
			"event", "backend.killed", "backend", s.config.Name, "process", name)
	}
}

// afterEnd decides what follows when a command has ended by itself, and waits for it:
// true to start it again, false to stop.
func (s *service) afterEnd(e ending, crashes int, pause time.Duration, stop <-chan struct{}) bool {
	again := e.started && (s.config.Restart == Always || s.config.Restart == OnFailure && !e.exit.ok())
	var timer <-chan time.Time
	if again {
		s.set(Restarting, func(st *State) { st.PID, st.Reason = 0, e.reason })
		s.exited(fmt.Sprintf("%s, starting again in %s", e.reason, pause))
		t := time.NewTimer(pause)
		defer t.Stop()
		timer = t.C
	} else {
		s.set(Exited, func(st *State) { st.PID, st.Reason = 0, e.reason })
		s.exited(e.reason)
	}
	if !again || crashes >= crashesUntilFailure {
		s.fail(e.reason)
	}
	select {
	case <-timer:
		return true
	case <-s.again:
		return true
	case <-stop:
		return false
	}
}

func (s *service) exited(what string) {
	s.group.opts.Log.Warn(s.config.Name+": "+what, "event", "backend.exited", "backend", s.config.Name)
}

// restart asks live for a restart.
func (s *service) restart() {
	select {
	case s.again <- struct{}{}:
	default: // one is asked for already
	}
}

// hold remembers what runs, for Input and Resize.
func (s *service) hold(proc *process) {
	s.procMu.Lock()
	defer s.procMu.Unlock()
	s.proc = proc
}

func (s *service) resize(columns int) {
	s.procMu.Lock()
	defer s.procMu.Unlock()
	if s.proc != nil && s.proc.resize != nil {
		s.proc.resize(columns)
	}
}

func (s *service) input(text []byte) error {
	s.procMu.Lock()
	proc := s.proc
	s.procMu.Unlock()
	if proc == nil {
		return fmt.Errorf("back-end %s is not running", s.config.Name)
	}
	if _, err := proc.stdin.Write(text); err != nil {
		return fmt.Errorf("write to back-end %s: %w", s.config.Name, err)
	}
	return nil
}

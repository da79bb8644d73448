package backend

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// exit is how a command ended.
type exit struct {
	Code   int    // its status; -1 if a signal ended it
	Signal string // "killed", "segmentation fault"; "" for a status
}

func (e exit) ok() bool { return e.Code == 0 }

func (e exit) String() string {
	if e.Signal != "" {
		return "was ended by a signal: " + e.Signal
	}
	return fmt.Sprintf("exited with status %d", e.Code)
}

// process is one run of a command with all that it starts.
type process struct {
	pid     int           // of the command
	stdin   io.Writer     // of the command
	matched chan struct{} // closed when a line has matched the health pattern
	done    chan struct{} // closed once the whole tree has ended and its output is read

	// What follows is set before done is closed.
	exit      exit
	offenders []string // those that SIGTERM did not end: "php (pid 123)"

	resize    func(columns int) // of its terminal; nil without one
	terminate func()            // asks the tree to end, and kills it after the grace
	kill      func()            // ends it at once
}

// command is what is needed to start a process.
type command struct {
	name       string
	run        string
	dir        string
	env        []string
	mark       string
	supervisor string
	terminal   bool
	columns    int
	grace      string // as of time.Duration
}

// start starts the command of the service and hands on its output.
func (s *service) start(ctx context.Context) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("not started: %w", err)
	}
	if info, err := os.Stat(cmp.Or(s.config.Dir, ".")); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s to run in", s.config.Dir)
	}
	if err := s.portIsFree(); err != nil {
		return nil, err
	}
	env, err := s.environ()
	if err != nil {
		return nil, err
	}
	log, err := openLog(s.config.Log)
	if err != nil {
		return nil, err
	}
	s.group.mu.Lock()
	o := s.group.opts
	s.group.mu.Unlock()
	proc, output, wait, err := launch(command{
		name: s.config.Name, run: s.config.Run, dir: s.config.Dir, env: env, mark: s.mark(),
		supervisor: o.Supervisor, terminal: o.Terminal, columns: o.Columns, grace: o.Grace.String(),
	})
	if err != nil {
		log.close()
		return nil, err
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer log.close()
		copyLines(output, s.line(proc, log))
	})
	go func() {
		defer close(proc.done)
		wait()
		finish(&reading, output)
	}()
	return proc, nil
}

// outputRest is how long we read on after the tree has ended. What was printed is in the
// pipe by then; only where a process can escape us does the pipe not end by itself.
const outputRest = time.Second

// finish waits for the rest of the output and closes it.
func finish(reading *sync.WaitGroup, output io.Closer) {
	late := time.AfterFunc(outputRest, func() { _ = output.Close() })
	reading.Wait()
	late.Stop()
	_ = output.Close() // it was only read
}

// line returns what is done with each line of output.
func (s *service) line(proc *process, log *logFile) func(string) {
	var once sync.Once
	return func(line string) {
		log.write(line)
		s.tail.add(plain(line))
		if s.group.opts.Output != nil {
			s.group.opts.Output(s.config.Name, line)
		}
		if s.health.pattern != nil && s.health.pattern.MatchString(plain(line)) {
			once.Do(func() { close(proc.matched) })
		}
	}
}

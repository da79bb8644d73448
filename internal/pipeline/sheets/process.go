package sheets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
)

// processBackend compiles with one process that stays warm and is spoken to over its
// input and output. The process ends by itself when its input does, thus also with this
// program.
type processBackend struct {
	dir  string
	args []string
	// greet makes sure that a new process speaks the language; nil = no need to.
	greet func(p *process) error
	// talk gives the process a sheet, answers its questions and returns its reply.
	talk func(p *process, j *job) (reply, error)
	turn turn

	mu  sync.Mutex // guards now
	now *process   // nil = none runs
}

// process is a running compiler.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said *tail
}

// turn is the right to use what only one may use at a time.
type turn chan struct{}

func newTurn() turn {
	t := make(turn, 1)
	t <- struct{}{}
	return t
}

// take waits for the turn; give returns it.
func (t turn) take(ctx context.Context) error {
	select {
	case <-t:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) give() { t <- struct{}{} }

// compile waits for its turn. A process that fails, or is late, is ended; the next sheet
// gets a new one.
func (b *processBackend) compile(ctx context.Context, j *job) (reply, error) {
	if err := b.turn.take(ctx); err != nil {
		return reply{}, err
	}
	defer b.turn.give()
	p, err := b.running(ctx)
	if err != nil {
		return reply{}, err
	}
	stop := context.AfterFunc(ctx, p.kill)
	r, err := b.talk(p, j)
	if stop() && err == nil {
		return r, nil
	}
	_ = b.close()
	if ctx.Err() != nil {
		return reply{}, context.Cause(ctx) // also when it had answered: it is killed by now
	}
	return reply{}, p.explain(err)
}

// running returns the process, which it starts if there is none.
func (b *processBackend) running(ctx context.Context) (*process, error) {
	b.mu.Lock()
	p := b.now
	b.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := start(b.dir, b.args)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.now = p
	b.mu.Unlock()
	if b.greet == nil {
		return p, nil
	}
	defer context.AfterFunc(ctx, p.kill)()
	if err := b.greet(p); err != nil {
		return nil, errors.Join(p.explain(err), b.close())
	}
	return p, nil
}

func start(dir string, args []string) (*process, error) {
	cmd := exec.Command(args[0], args[1:]...)
	p := &process{cmd: cmd, said: &tail{}}
	cmd.Dir, cmd.Stderr = dir, p.said
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	p.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	return p, nil
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// explain adds what the process said last.
func (p *process) explain(err error) error {
	if said := p.said.String(); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// close ends the process, if there is one, and waits for its end.
func (b *processBackend) close() error {
	b.mu.Lock()
	p := b.now
	b.now = nil
	b.mu.Unlock()
	if p == nil {
		return nil
	}
	_ = p.in.Close()
	p.kill()
	if err := p.cmd.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			return fmt.Errorf("end %s: %w", p.cmd.Path, err)
		}
	}
	return nil
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

// tailSize is enough for a stack trace.
const tailSize = 4 << 10 // bytes

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailSize):]
	return len(p), nil
}

// String returns what was said last.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

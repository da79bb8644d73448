package sheets

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
)

var (
	//go:embed js/driver.js
	driverJS string
	//go:embed js/worker.js
	workerJS string
)

// nodeHeap bounds the memory of the node process.
const nodeHeap = "--max-old-space-size=1024" // MiB

// request is what the JavaScript driver gets.
type request struct {
	Language   Language       `json:"language"`
	File       string         `json:"file"`
	URL        string         `json:"url"`
	Source     string         `json:"source"`
	Syntax     string         `json:"syntax"`
	Compressed bool           `json:"compressed"`
	Map        bool           `json:"map"`
	Warnings   bool           `json:"warnings"`
	Options    map[string]any `json:"options"`
}

func (j *job) request() request {
	return request{
		Language: j.language, File: j.in.File, URL: fileURL(j.in.File), Source: string(j.in.Source), Syntax: syntaxOf(j.in.File),
		Compressed: j.in.Compressed, Map: j.in.Map, Warnings: j.in.Warnings, Options: j.in.Options,
	}
}

// nodeBackend runs a package in one node process, which stays warm. The process ends by
// itself when its input does, thus also with this program.
type nodeBackend struct {
	choice Choice
	turn   chan struct{} // holds one token: the right to speak to the process
	mu     sync.Mutex    // guards process
	*process
}

// process is a running node.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said *tail
}

func newNode(c Choice) *nodeBackend {
	b := &nodeBackend{choice: c, turn: make(chan struct{}, 1)}
	b.turn <- struct{}{}
	return b
}

// compile waits for its turn. A process that fails, or is late, is ended; the next sheet
// gets a new one.
func (b *nodeBackend) compile(ctx context.Context, j *job) (reply, error) {
	select {
	case <-b.turn:
		defer func() { b.turn <- struct{}{} }()
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
	p, err := b.running()
	if err != nil {
		return reply{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	r, err := p.talk(j)
	stop()
	if err == nil {
		return r, nil
	}
	_ = b.close()
	if ctx.Err() != nil {
		return reply{}, context.Cause(ctx)
	}
	if said := p.said.String(); said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return reply{}, err
}

// running returns the process, which it starts if there is none.
func (b *nodeBackend) running() (*process, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process != nil {
		return b.process, nil
	}
	folder, err := json.Marshal(b.choice.Path)
	if err != nil {
		return nil, fmt.Errorf("name the package: %w", err)
	}
	cmd := exec.Command(b.choice.Node, nodeHeap, "-e", workerJS+"("+driverJS+", "+string(folder)+")")
	p := &process{cmd: cmd, said: &tail{}}
	cmd.Dir, cmd.Stderr = b.choice.dir, p.said
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	p.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	b.process = p
	return p, nil
}

// line is one line from the driver: a question, a reply or why there is none.
type line struct {
	question
	Reply *struct {
		reply
		Crash string `json:"crash"`
	} `json:"reply"`
}

// talk gives the process a sheet and answers its questions.
func (p *process) talk(j *job) (reply, error) {
	if err := p.write(j.request()); err != nil {
		return reply{}, err
	}
	for {
		data, err := p.out.ReadBytes('\n')
		if err != nil {
			return reply{}, fmt.Errorf("node has ended: %w", err)
		}
		var l line
		if err := json.Unmarshal(data, &l); err != nil {
			return reply{}, fmt.Errorf("node said something else: %w", err)
		}
		if l.Reply == nil {
			if err := p.write(j.answer(l.question)); err != nil {
				return reply{}, err
			}
			continue
		}
		if l.Reply.Crash != "" {
			return reply{}, errors.New(l.Reply.Crash)
		}
		return l.Reply.reply, nil
	}
}

func (p *process) write(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("speak to node: %w", err)
	}
	if _, err := p.in.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("speak to node: %w", err)
	}
	return nil
}

// close ends the process, if there is one, and waits for its end.
func (b *nodeBackend) close() error {
	b.mu.Lock()
	p := b.process
	b.process = nil
	b.mu.Unlock()
	if p == nil {
		return nil
	}
	_ = p.in.Close()
	_ = p.cmd.Process.Kill()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("end node: %w", err)
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

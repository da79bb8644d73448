//go:build !windows

package backend

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/creack/pty"
)

// The file descriptors that a supervisor is given beside the standard ones.
const (
	ordersFD = 3 // one byte an order; its end means that we are gone
	reportFD = 4 // news, one JSON object a line
)

// The orders.
const (
	orderTerminate = 't'
	orderKill      = 'k'
)

// news is what a supervisor reports.
type news struct {
	PID      int    `json:"pid,omitempty"`      // the command has started
	Error    string `json:"error,omitempty"`    // or could not be
	Exit     *exit  `json:"exit,omitempty"`     // it has ended
	Offender string `json:"offender,omitempty"` // this did not end on SIGTERM
}

// streams are the ends of a command's input and output: ours and its own.
type streams struct {
	input  io.Writer
	output io.ReadCloser
	ours   []*os.File // all of ours
	child  [3]*os.File
}

// open makes a pseudo-terminal, or pipes.
func openStreams(c command) (streams, error) {
	if c.terminal {
		ours, theirs, err := pty.Open()
		if err != nil {
			return streams{}, fmt.Errorf("open a pseudo-terminal: %w", err)
		}
		// A size is a courtesy; without it programs assume 80 columns.
		_ = pty.Setsize(ours, &pty.Winsize{Rows: 40, Cols: uint16(c.columns)})
		return streams{ours, ours, []*os.File{ours}, [3]*os.File{theirs, theirs, theirs}}, nil
	}
	in, write, err := os.Pipe()
	if err != nil {
		return streams{}, fmt.Errorf("open a pipe: %w", err)
	}
	read, out, err := os.Pipe()
	if err != nil {
		closeAll(in, write)
		return streams{}, fmt.Errorf("open a pipe: %w", err)
	}
	return streams{write, read, []*os.File{write, read}, [3]*os.File{in, out, out}}, nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close() // closing twice or a pipe whose other end is gone changes nothing
	}
}

// launch starts a command under a supervisor. wait returns once all of it has ended; it
// must be called once, while output is read to its end; the caller closes output.
func launch(c command) (proc *process, output io.ReadCloser, wait func(), err error) {
	s, err := openStreams(c)
	if err != nil {
		return nil, nil, nil, err
	}
	ordersRead, orders, err := os.Pipe()
	if err != nil {
		closeAll(append(s.ours, s.child[:]...)...)
		return nil, nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	report, reportWrite, err := os.Pipe()
	if err != nil {
		closeAll(append(s.ours, s.child[0], s.child[1], ordersRead, orders)...)
		return nil, nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	cmd := &exec.Cmd{
		Path: c.supervisor, Args: []string{"realtimectl: " + c.name, c.run, c.mark},
		Env: setEnv(c.env, superviseVar, c.grace), Dir: c.dir,
		Stdin: s.child[0], Stdout: s.child[1], Stderr: s.child[2],
		ExtraFiles: []*os.File{ordersRead, reportWrite},
		// Away from our terminal: Ctrl-C is for us to translate.
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	closeAll(s.child[0], s.child[1], ordersRead, reportWrite)
	ours := append(s.ours, orders, report)
	if err != nil {
		closeAll(ours...)
		return nil, nil, nil, fmt.Errorf("start a supervisor: %w", err)
	}
	lines := bufio.NewReader(report)
	first, err := firstNews(lines)
	if err != nil {
		_ = orders.Close()
		_ = cmd.Wait() // it said why it failed; its status adds nothing
		closeAll(ours...)
		return nil, nil, nil, err
	}
	proc = &process{
		pid: first.PID, stdin: s.input,
		matched: make(chan struct{}), done: make(chan struct{}),
		// A write fails if the supervisor has ended; then there is nothing to stop.
		terminate: func() { _, _ = orders.Write([]byte{orderTerminate}) },
		kill:      func() { _, _ = orders.Write([]byte{orderKill}) },
	}
	return proc, s.output, func() {
		proc.follow(cmd, lines, c.mark)
		closeAll(orders, report)
		if !c.terminal {
			closeAll(s.ours[0]) // the input; a terminal is one file with the output
		}
	}, nil
}

// firstNews reads whether the command could be started.
func firstNews(r *bufio.Reader) (news, error) {
	n, err := nextNews(r)
	switch {
	case err != nil:
		return news{}, fmt.Errorf("the supervisor did not answer; does main call backend.Supervise? %w", err)
	case n.Error != "":
		return news{}, errors.New(n.Error)
	}
	return n, nil
}

func nextNews(r *bufio.Reader) (news, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return news{}, fmt.Errorf("read the supervisor's report: %w", err)
	}
	var n news
	if err := json.Unmarshal(line, &n); err != nil {
		return news{}, fmt.Errorf("read the supervisor's report: %w", err)
	}
	return n, nil
}

// follow takes in what the supervisor reports until it has ended.
func (p *process) follow(cmd *exec.Cmd, report *bufio.Reader, mark string) {
	reported := false
	for {
		n, err := nextNews(report)
		if err != nil {
			break
		}
		if n.Exit != nil {
			p.exit, reported = *n.Exit, true
		}
		if n.Offender != "" {
			p.offenders = append(p.offenders, n.Offender)
		}
	}
	_ = cmd.Wait() // what counts is in the report
	if !reported {
		// Somebody has killed the supervisor. What it watched over is found by its mark.
		p.exit = exit{Code: -1, Signal: "its supervisor was killed"}
		killMarked(mark)
	}
}

// shell is the command line that runs a line of shell.
func shell(run string) []string { return []string{"/bin/sh", "-c", run} }

// named describes a process to a person.
func named(p proc) string {
	name := strings.TrimSpace(p.name)
	if name == "" {
		return fmt.Sprintf("pid %d", p.pid)
	}
	return fmt.Sprintf("%s (pid %d)", name, p.pid)
}

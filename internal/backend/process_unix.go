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
	"golang.org/x/sys/unix"
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
		resize(ours, c.columns)
		withoutEcho(theirs)
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

// terminalRows is the height of the terminals; nobody sees it.
const terminalRows = 40

// resize tells a terminal its width, and the kernel those who use it. It is a courtesy;
// without it programs assume 80 columns.
func resize(terminal *os.File, columns int) {
	raw, err := terminal.SyscallConn()
	if err != nil {
		return
	}
	size := &unix.Winsize{Row: terminalRows, Col: uint16(columns)}
	_ = raw.Control(func(fd uintptr) { _ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size) })
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
	cmd, orders, report, err := startSupervisor(c, s.child)
	closeAll(s.child[0], s.child[1])
	if err != nil {
		closeAll(s.ours...)
		return nil, nil, nil, err
	}
	lines := bufio.NewReader(report)
	first, err := firstNews(lines)
	if err != nil {
		closeAll(orders)
		_ = cmd.Wait() // it said why it failed; its status adds nothing
		closeAll(append(s.ours, report)...)
		return nil, nil, nil, err
	}
	proc = &process{
		pid: first.PID, stdin: s.input,
		matched: make(chan struct{}), done: make(chan struct{}),
		// A write fails if the supervisor has ended; then there is nothing to stop.
		terminate: func() { _, _ = orders.Write([]byte{orderTerminate}) },
		kill:      func() { _, _ = orders.Write([]byte{orderKill}) },
	}
	if c.terminal {
		proc.resize = func(columns int) { resize(s.ours[0], columns) }
	}
	return proc, s.output, func() {
		proc.follow(cmd, lines, c.mark)
		closeAll(orders, report)
		if !c.terminal {
			closeAll(s.ours[0]) // the input; a terminal is one file with the output
		}
	}, nil
}

// startSupervisor starts this program again with the ends of two pipes, and returns our
// ends of them.
func startSupervisor(c command, standard [3]*os.File) (cmd *exec.Cmd, orders, report *os.File, err error) {
	theirOrders, orders, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	report, theirReport, err := os.Pipe()
	if err != nil {
		closeAll(theirOrders, orders)
		return nil, nil, nil, fmt.Errorf("open a pipe: %w", err)
	}
	cmd = &exec.Cmd{
		Path: c.supervisor, Args: []string{"realtimectl: " + c.name, c.run, c.mark},
		Env: setEnv(c.env, superviseVar, c.grace), Dir: c.dir,
		Stdin: standard[0], Stdout: standard[1], Stderr: standard[2],
		ExtraFiles: []*os.File{theirOrders, theirReport}, // 3 and 4
		// Away from our terminal: Ctrl-C is for us to translate.
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	closeAll(theirOrders, theirReport)
	if err != nil {
		closeAll(orders, report)
		return nil, nil, nil, fmt.Errorf("start a supervisor: %w", err)
	}
	return cmd, orders, report, nil
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

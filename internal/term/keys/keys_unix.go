//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// maxRead is how much is read at once; a person types one key, a paste many.
const maxRead = 4096 // bytes

// reader reads from a file and can be woken while it waits.
type reader struct {
	file        *os.File
	wake, woken *os.File // written to when the context is done
	interrupted func()   // called after a signal
}

func newReader(file *os.File) (*reader, error) {
	woken, wake, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return &reader{file: file, wake: wake, woken: woken, interrupted: func() {}}, nil
}

// next waits for something to read. It returns nothing when the context is done, and
// io.EOF at the end of the file.
func (r *reader) next(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() { _, _ = r.wake.Write([]byte{0}) }) // the reader may be gone
	defer stop()
	for ctx.Err() == nil {
		ready := []unix.PollFd{
			{Fd: int32(r.file.Fd()), Events: unix.POLLIN},
			{Fd: int32(r.woken.Fd()), Events: unix.POLLIN},
		}
		_, err := unix.Poll(ready, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			r.interrupted()
		case err != nil:
			return "", fmt.Errorf("poll: %w", err)
		case ready[0].Revents&unix.POLLIN != 0:
			return r.read()
		case ready[0].Revents != 0:
			return "", io.EOF // the other end was closed
		}
	}
	return "", nil
}

func (r *reader) read() (string, error) {
	buf := make([]byte, maxRead)
	n, err := unix.Read(int(r.file.Fd()), buf)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read: %w", err)
	case n == 0:
		return "", io.EOF
	}
	r.interrupted()
	return string(buf[:n]), nil
}

func (r *reader) close() error { return errors.Join(r.wake.Close(), r.woken.Close()) }

// Lines hands on the lines of a file that is no terminal, such as a pipe, until its end
// or until ctx is done; it returns nil then. The last line may lack its end.
func Lines(ctx context.Context, in *os.File, line func(string)) error {
	r, err := newReader(in)
	if err != nil {
		return err
	}
	var pending []byte
	for {
		text, err := r.next(ctx)
		pending = append(pending, text...)
		for {
			whole, rest, ok := bytes.Cut(pending, []byte{'\n'})
			if !ok {
				break
			}
			line(string(whole))
			pending = rest
		}
		switch {
		case errors.Is(err, io.EOF):
			if len(pending) > 0 {
				line(string(pending))
			}
			return r.close()
		case err != nil || ctx.Err() != nil:
			return errors.Join(ignoreDone(ctx, err), r.close())
		}
	}
}

// keyboard is a terminal that passes keys on at once.
type keyboard struct {
	*reader
	before    *unix.Termios // to be put back
	continued chan os.Signal
}

func open(tty *os.File) (*keyboard, error) {
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil || !foreground(fd) {
		return nil, ErrNoTerminal
	}
	r, err := newReader(tty)
	if err != nil {
		return nil, err
	}
	k := &keyboard{reader: r, before: before, continued: make(chan os.Signal, 1)}
	r.interrupted = k.resumed
	if err := k.set(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	signal.Notify(k.continued, unix.SIGCONT)
	return k, nil
}

// foreground reports whether this program is the one the terminal listens to. One in
// the background that changes the terminal is stopped by the system.
func foreground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// set lets keys through one by one, unseen. Signals and output processing stay on.
func (k *keyboard) set() error {
	now := *k.before
	now.Lflag &^= unix.ICANON | unix.ECHO
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(int(k.file.Fd()), setTermios, &now); err != nil {
		return fmt.Errorf("set the terminal: %w", err)
	}
	return nil
}

// resumed sets the terminal again after Ctrl-Z and fg: the shell has put back its own.
func (k *keyboard) resumed() {
	select {
	case <-k.continued:
		if foreground(int(k.file.Fd())) {
			_ = k.set() // without it keys need Enter, which is tolerated
		}
	default:
	}
}

// close puts the terminal back.
func (k *keyboard) close() error {
	signal.Stop(k.continued)
	var err error
	if foreground(int(k.file.Fd())) {
		err = unix.IoctlSetTermios(int(k.file.Fd()), setTermios, k.before)
	}
	if err != nil {
		err = fmt.Errorf("put the terminal back: %w", err)
	}
	return errors.Join(err, k.reader.close())
}

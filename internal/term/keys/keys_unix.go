//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// maxKeys is how much is read at once; a person types one, a paste many.
const maxKeys = 64 // bytes

// keyboard is a terminal that passes keys on at once.
type keyboard struct {
	tty       *os.File
	before    *unix.Termios // to be put back
	wake      *os.File      // written to when the context is done
	woken     *os.File
	continued chan os.Signal
}

func open(tty *os.File) (*keyboard, error) {
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil || !foreground(fd) {
		return nil, ErrNoTerminal
	}
	woken, wake, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	k := &keyboard{tty: tty, before: before, wake: wake, woken: woken, continued: make(chan os.Signal, 1)}
	if err := k.set(); err != nil {
		return nil, errors.Join(err, wake.Close(), woken.Close())
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
	if err := unix.IoctlSetTermios(int(k.tty.Fd()), setTermios, &now); err != nil {
		return fmt.Errorf("set the terminal: %w", err)
	}
	return nil
}

// next waits for keys. It returns "" when the context is done.
func (k *keyboard) next(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() { _, _ = k.wake.Write([]byte{0}) }) // the reader may be gone
	defer stop()
	for ctx.Err() == nil {
		ready := []unix.PollFd{
			{Fd: int32(k.tty.Fd()), Events: unix.POLLIN},
			{Fd: int32(k.woken.Fd()), Events: unix.POLLIN},
		}
		_, err := unix.Poll(ready, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			k.resumed()
		case err != nil:
			return "", fmt.Errorf("poll: %w", err)
		case ready[0].Revents&unix.POLLIN != 0:
			return k.read()
		case ready[0].Revents != 0:
			return "", io.EOF // the terminal was closed
		}
	}
	return "", nil
}

// resumed sets the terminal again after Ctrl-Z and fg: the shell has put back its own.
func (k *keyboard) resumed() {
	select {
	case <-k.continued:
		if foreground(int(k.tty.Fd())) {
			_ = k.set() // without it keys need Enter, which is tolerated
		}
	default:
	}
}

func (k *keyboard) read() (string, error) {
	var buf [maxKeys]byte
	n, err := unix.Read(int(k.tty.Fd()), buf[:])
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read: %w", err)
	case n == 0:
		return "", io.EOF
	}
	k.resumed()
	return string(buf[:n]), nil
}

// close puts the terminal back.
func (k *keyboard) close() error {
	signal.Stop(k.continued)
	var err error
	if foreground(int(k.tty.Fd())) {
		err = unix.IoctlSetTermios(int(k.tty.Fd()), setTermios, k.before)
	}
	if err != nil {
		err = fmt.Errorf("put the terminal back: %w", err)
	}
	return errors.Join(err, k.wake.Close(), k.woken.Close())
}

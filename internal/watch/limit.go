package watch

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// LimitError says that the system refuses to watch more.
type LimitError struct {
	// Limit is the system's name of it: "fs.inotify.max_user_watches",
	// "fs.inotify.max_user_instances", or "open files".
	Limit string
	// Value is the limit now; 0 when it could not be read.
	Value int
	// Path is what could not be watched; "" when watching could not start at all.
	Path string
	// Err is the system's error.
	Err error
}

// Error returns one line that names the limit and its value.
func (e *LimitError) Error() string {
	at := ""
	if e.Path != "" {
		at = e.Path + ": "
	}
	if e.Value == 0 {
		return fmt.Sprintf("%sthe system's limit of %s is reached", at, e.Limit)
	}
	return fmt.Sprintf("%sthe system's limit of %s (%d) is reached", at, e.Limit, e.Value)
}

// Unwrap returns the system's error.
func (e *LimitError) Unwrap() error { return e.Err }

// Hint returns the command that raises the limit.
func (e *LimitError) Hint() string {
	if e.Limit == openFiles {
		return "raise it for this shell: ulimit -n 65536"
	}
	return fmt.Sprintf("raise it: sudo sysctl -w %s=%d  (to keep it: echo '%s=%d' | sudo tee /etc/sysctl.d/60-realtimectl.conf)",
		e.Limit, e.raised(), e.Limit, e.raised())
}

// raised is a value with room for several projects: a watch costs about 1 KiB of kernel
// memory, and only when it is used.
func (e *LimitError) raised() int {
	if e.Limit == maxInstances {
		return max(1024, 2*e.Value)
	}
	return max(524288, 2*e.Value)
}

const (
	maxWatches   = "fs.inotify.max_user_watches"
	maxInstances = "fs.inotify.max_user_instances"
	openFiles    = "open files"
)

// limitOf returns err as a *LimitError when it is one, else err. A path of "" stands for
// the creation of the watcher itself.
func limitOf(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return &LimitError{Limit: maxWatches, Value: sysctl(maxWatches), Path: path, Err: err}
	case errors.Is(err, syscall.EMFILE) && path == "" && !descriptorsExhausted():
		return &LimitError{Limit: maxInstances, Value: sysctl(maxInstances), Err: err}
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return &LimitError{Limit: openFiles, Path: path, Err: err}
	}
	return err
}

// descriptorsExhausted tells the two meanings of EMFILE apart: if another file can be
// opened, it was not the process that ran out.
func descriptorsExhausted() bool {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return true
	}
	return f.Close() != nil
}

func sysctl(name string) int {
	text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	if err != nil {
		return 0 // another system: the message does without the value
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return n
}

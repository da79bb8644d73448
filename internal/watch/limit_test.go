package watch

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
	"testing"

	"github.com/fsnotify/fsnotify"
)

func TestLimitsNameTheCommandThatRaisesThem(t *testing.T) {
	tests := []struct {
		name     string
		path     string
		err      error
		limit    string
		hintPart string
	}{
		{"watches", "/p/src", syscall.ENOSPC, "fs.inotify.max_user_watches", "sudo sysctl -w fs.inotify.max_user_watches="},
		{"instances", "", syscall.EMFILE, "fs.inotify.max_user_instances", "sudo sysctl -w fs.inotify.max_user_instances="},
		{"files of the process", "/p/src", syscall.EMFILE, "open files", "ulimit -n"},
		{"files of the system", "/p/src", syscall.ENFILE, "open files", "ulimit -n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			limit, ok := errors.AsType[*LimitError](limitOf(tt.path, tt.err))
			if !ok {
				t.Fatalf("%v is no *LimitError", limitOf(tt.path, tt.err))
			}
			if limit.Limit != tt.limit || !strings.Contains(limit.Error(), tt.limit) || !strings.Contains(limit.Error(), tt.path) {
				t.Errorf("got %q (%s), want it to name %s and %q", limit.Error(), limit.Limit, tt.limit, tt.path)
			}
			if !strings.Contains(limit.Hint(), tt.hintPart) {
				t.Errorf("hint %q does not say %q", limit.Hint(), tt.hintPart)
			}
			if !errors.Is(limit, tt.err) {
				t.Errorf("%v is lost", tt.err)
			}
		})
	}
}

func TestLimitHintAlwaysRaises(t *testing.T) {
	for _, tt := range []struct {
		limit LimitError
		want  string
	}{
		{LimitError{Limit: maxWatches, Value: 8192}, "max_user_watches=524288"},
		{LimitError{Limit: maxWatches, Value: 524288}, "max_user_watches=1048576"},
		{LimitError{Limit: maxInstances, Value: 128}, "max_user_instances=1024"},
	} {
		if got := tt.limit.Hint(); !strings.Contains(got, tt.want) {
			t.Errorf("with a limit of %d: %q does not say %q", tt.limit.Value, got, tt.want)
		}
	}
}

func TestOtherErrorsAreNoLimit(t *testing.T) {
	if err := limitOf("/p", fs.ErrPermission); !errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
}

func TestLimitReachedLaterIsAnsweredByPolling(t *testing.T) {
	var log bytes.Buffer
	fsw, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer fsw.Close()
	tr := newTree(Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, fsw)
	if _, err := tr.overLimit("/p/src", syscall.ENOSPC); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("at the start: %v, want the limit", err)
	}
	tr.strict = false
	polled, err := tr.overLimit("/p/src", syscall.ENOSPC)
	if err != nil || !polled || !tr.polled["/p/src"] {
		t.Errorf("later: polled %v, %v", polled, err)
	}
	if !strings.Contains(log.String(), "hint=\"raise it: sudo sysctl") {
		t.Errorf("the log does not say how to raise it: %s", log.String())
	}
}

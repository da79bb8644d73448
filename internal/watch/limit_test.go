package watch

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

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

func TestReachedLimitIsAnsweredByComparing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(*testing.T, Options) (*Watcher, error)
	}{
		{"no watcher at all", func(_ *testing.T, o Options) (*Watcher, error) { return newWatcher(o, nil, syscall.EMFILE) }},
		{"no folder more", func(t *testing.T, o Options) (*Watcher, error) {
			fsw, err := fsnotify.NewBufferedWatcher(eventBuffer)
			if err != nil {
				t.Fatal(err)
			}
			w, err := newWatcher(Options{Log: o.Log}, fsw, nil)
			w.opts, w.tree.opts = o, o
			w.tree.overLimit(&LimitError{Limit: maxWatches, Value: 8192, Path: o.Dirs[0], Err: syscall.ENOSPC})
			w.plant()
			return w, err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
			p.write("sub/a.css", "old")
			p.starting(Options{PollInterval: time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(o Options) (*Watcher, error) {
				return tt.start(t, o)
			})
			p.write("sub/a.css", "new content")
			p.write("sub/deep/b.css", "x")
			p.expect("sub/a.css", "sub/deep/b.css")
			if n := strings.Count(log.String(), "hint=\"raise it"); n != 1 {
				t.Errorf("how to raise the limit is said %d times: %s", n, log.String())
			}
		})
	}
}

func TestFolderBeyondTheLimitIsComparedWithWhatIsAroundIt(t *testing.T) {
	tr := newTree(Options{Log: slog.New(slog.DiscardHandler)}, notifications{})
	tr.views["/p"], tr.polled["/p/deep"] = []string{"/p"}, true
	tr.overLimit(&LimitError{Limit: maxWatches, Err: syscall.ENOSPC})
	if !tr.subscribe("/p/deep/er") || len(tr.polled) != 1 || !tr.polled["/p"] {
		t.Errorf("compared: %v, want all of /p in one", tr.polled)
	}
}

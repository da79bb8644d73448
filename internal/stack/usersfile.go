package stack

import (
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/realtimectl/realtimectl/internal/middleware"
)

// following is a middleware that is made again when a file changes: who is taken out of
// the users file is out at once, in production too, where nothing is watched. To look at
// the file costs a microsecond a request.
func following(file string, first middleware.Middleware, again func() (middleware.Middleware, error), log *slog.Logger) middleware.Middleware {
	return func(next http.Handler) http.Handler {
		f := &follower{file: file, again: again, log: log, next: next}
		f.put(first)
		f.seen = stampOf(file)
		return f
	}
}

type follower struct {
	file  string
	again func() (middleware.Middleware, error)
	log   *slog.Logger
	next  http.Handler
	now   atomic.Pointer[http.Handler]

	mu   sync.Mutex // guards seen; held while the file is read, so that nobody gets in by the old one
	seen stamp
}

// stamp tells one state of a file from the next.
type stamp struct {
	changed time.Time
	size    int64
}

func stampOf(file string) stamp {
	info, err := os.Stat(file)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

func (f *follower) put(m middleware.Middleware) {
	h := m(f.next)
	f.now.Store(&h)
}

func (f *follower) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.look()
	(*f.now.Load()).ServeHTTP(w, r)
}

// look reads the file if it is another one than before. One with a mistake changes
// nothing: the old users stay.
func (f *follower) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := stampOf(f.file)
	if now == f.seen {
		return
	}
	f.seen = now
	m, err := f.again()
	if err != nil {
		f.log.Error("the users have a mistake; the old ones stay: "+err.Error(), "event", "config.broken")
		return
	}
	f.put(m)
	f.log.Info("the users were read again", "event", "config.users")
}

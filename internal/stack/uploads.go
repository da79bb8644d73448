package stack

import (
	"io"
	"net/http"
	"time"
)

const (
	// uploadPause is how long an upload may stand still. No network that is worth waiting
	// for pauses longer, and a client that stops for good must not keep its connection.
	uploadPause = 30 * time.Second
	// restPause is the same for what a handler does not want to read: net/http reads it
	// before it answers.
	restPause = 5 * time.Second
)

// patient bounds the time in which nothing of a request's body comes: pause while a handler
// reads it, rest where none does. After a body in chunks the connection ends: a server must
// not read on where others, by a Content-Length beside it, see the end elsewhere (RFC 9112
// section 6.1). A stream of HTTP/2 holds up no other and is left alone.
func patient(next http.Handler, pause, rest time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 || r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		rc := http.NewResponseController(w)
		_ = rc.SetReadDeadline(time.Now().Add(rest)) // a connection without deadlines has other owners
		inner := *r
		inner.Body = &upload{r.Body, rc, pause}
		next.ServeHTTP(w, &inner)
	})
}

// upload is a body that gives up when nothing comes.
type upload struct {
	io.ReadCloser
	rc    *http.ResponseController
	pause time.Duration
}

// Read waits for the next bytes, but not for ever.
func (u *upload) Read(p []byte) (int, error) {
	_ = u.rc.SetReadDeadline(time.Now().Add(u.pause))
	return u.ReadCloser.Read(p)
}

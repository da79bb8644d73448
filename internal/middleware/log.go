package middleware

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// RequestLog writes one record per request once it is answered. It names the path without
// the query, which may hold tokens.
func RequestLog(log *slog.Logger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			lw := &logWriter{response: response{w}}
			// Deferred, so that an answer that was broken off is told too.
			defer func() {
				took := time.Since(start)
				status := lw.status
				if status == 0 {
					status = http.StatusOK
				}
				log.InfoContext(r.Context(), fmt.Sprintf("%s %s %d %s %s", r.Method, r.URL.EscapedPath(), status, size(lw.bytes), rounded(took)),
					"event", "request.served", "method", r.Method, "path", r.URL.Path, "host", r.Host, "status", status, "bytes", lw.bytes, "duration", took)
			}()
			next.ServeHTTP(lw, r)
		})
	}
}

type logWriter struct {
	response
	status int
	bytes  int64
}

// WriteHeader notes the final status.
func (w *logWriter) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts what is sent.
func (w *logWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom keeps net/http's fast path for files.
func (w *logWriter) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(w.ResponseWriter, src)
	w.bytes += n
	return n, err
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func rounded(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}

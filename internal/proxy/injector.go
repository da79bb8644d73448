package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// injector is the ResponseWriter of one answer to a navigation. It decides when the header
// is written; until then, and after a decision against, everything passes through.
type injector struct {
	http.ResponseWriter
	*injection
	request *http.Request
	ours    bool // the browser has our version of the page: a 304 speaks of that

	status   int       // 0 until WriteHeader
	kind     string    // the Content-Type, or what the first bytes look like
	decided  bool      // the header is out
	document *document // nil: pass everything
	decoding *decoding // feeds document when the body is compressed
	ended    bool
}

// Unwrap lets http.ResponseController reach what this type does not do itself.
func (w *injector) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader decides what to do with the answer; without a Content-Type the first bytes of
// the body have to tell, as they do in net/http.
func (w *injector) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols || w.status != 0 {
		w.ResponseWriter.WriteHeader(status) // informational, or a mistake that net/http reports
		return
	}
	w.status = status
	w.kind = w.Header().Get("Content-Type")
	if w.kind != "" || w.Header().Get("Content-Encoding") != "" || status < 200 || status == http.StatusNoContent || status == http.StatusNotModified {
		w.decide()
	}
}

// decide sends the header.
func (w *injector) decide() {
	w.decided = true
	header := w.Header()
	codings, ok := w.wants(w.status, w.kind, header)
	switch {
	case ok:
		w.document = w.adapt(header, w.request)
		w.document.out = w.ResponseWriter
	case w.status == http.StatusNotModified && w.ours:
		w.access(w.request, header).amendHeaders(header)
		w.replaceValidators(header)
	}
	w.ResponseWriter.WriteHeader(w.status)
	if len(codings) > 0 && w.document != nil {
		w.decoding = newDecoding(codings, w.document, w.flushOut)
	}
}

// Write passes the next piece of the body on.
func (w *injector) Write(p []byte) (int, error) {
	w.prepare(p)
	switch {
	case w.decoding != nil:
		return w.decoding.Write(p)
	case w.document != nil:
		return w.document.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// prepare makes sure that the header is out before the body p.
func (w *injector) prepare(p []byte) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.decided {
		return
	}
	if p != nil {
		w.sniff(p)
	}
	w.decide()
}

// sniff finds the type that was not named. A header that is there but empty says that the
// browser has to find out, so nothing is named then; with nosniff, it will not.
func (w *injector) sniff(p []byte) {
	header := w.Header()
	_, silent := header["Content-Type"]
	if silent && header.Get("X-Content-Type-Options") != "" {
		return
	}
	w.kind = http.DetectContentType(p)
	if !silent {
		header.Set("Content-Type", w.kind)
	}
}

// ReadFrom keeps the fast path of net/http (sendfile) for what passes untouched.
func (w *injector) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.decided && w.document == nil {
		return io.Copy(w.ResponseWriter, src)
	}
	return io.Copy(struct{ io.Writer }{w}, src)
}

// Flush sends what can be sent.
func (w *injector) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *injector) FlushError() error {
	w.prepare(nil)
	if w.decoding != nil {
		w.decoding.flush.Store(true) // its goroutine owns the writer
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *injector) flushOut() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack hands the connection over.
func (w *injector) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// finish completes the page. A body that cannot be decoded ends the connection, so that the
// browser does not take a part for the whole.
func (w *injector) finish() {
	if w.status != 0 && !w.decided {
		w.decide()
	}
	w.ended = true
	if w.decoding != nil {
		if err := w.decoding.Close(); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	if w.document != nil {
		_ = w.document.Close() // fails only when the browser has gone
	}
}

// abandon ends the decoder when the handler did not return normally.
func (w *injector) abandon() {
	if !w.ended && w.decoding != nil {
		w.decoding.Abort()
	}
}

package stack

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
)

// handshakeRecord begins every TLS connection (RFC 8446, section 5.1); no HTTP request
// begins with it.
const handshakeRecord = 0x16

// plainListener answers who speaks plain http to a listener for https. Nobody types the
// scheme of a port.
type plainListener struct {
	net.Listener
	answer http.Handler
}

// Accept returns a connection that finds out at its first read.
func (l plainListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &plainConn{Conn: conn, answer: l.answer}, nil
}

type plainConn struct {
	net.Conn
	answer http.Handler
	known  bool // what is spoken
}

// Read reads for TLS. A request in plain http is answered here, and ends the connection.
func (c *plainConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.known || n == 0 {
		return n, err
	}
	c.known = true
	if p[0] == handshakeRecord {
		return n, err
	}
	head := io.LimitReader(io.MultiReader(bytes.NewReader(p[:n]), c.Conn), maxHeaderBytes)
	req, err := http.ReadRequest(bufio.NewReader(head))
	if err != nil {
		return 0, io.EOF // it speaks neither
	}
	a := &answer{header: http.Header{}, status: http.StatusOK}
	c.answer.ServeHTTP(a, req)
	_ = a.send(c.Conn, req) // whoever is gone does not need it
	return 0, io.EOF
}

// toHTTPS sends a browser on to the same page by https.
func toHTTPS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := r.URL.RequestURI()
		if target == "*" { // OPTIONS of the whole server
			target = "/"
		}
		w.Header().Set("Location", "https://"+r.Host+target)
		w.WriteHeader(http.StatusPermanentRedirect)
	})
}

// answer keeps a small answer in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
func (a *answer) WriteHeader(status int)      { a.status = status }

func (a *answer) send(w io.Writer, r *http.Request) error {
	return (&http.Response{
		StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: a.header, Request: r, Close: true,
		Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()),
	}).Write(w)
}

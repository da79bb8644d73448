package stack

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// uploading sends the head of a request, and a body that stops after its first bytes.
func uploading(t *testing.T, h http.Handler, head string) (net.Conn, *bufio.Reader) {
	t.Helper()
	srv := httptest.NewServer(patient(h, 20*time.Millisecond, 20*time.Millisecond))
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n", head)
	return conn, bufio.NewReader(conn)
}

func TestUploadThatStopsEndsTheConnection(t *testing.T) {
	failed := make(chan error, 1)
	_, r := uploading(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		failed <- err
	}), "Content-Length: 9")
	if err, ok := (<-failed).(net.Error); !ok || !err.Timeout() {
		t.Errorf("the handler was told %v", err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the connection did not end well: %v", err)
	}
}

func TestBodyThatNobodyReadsIsNotWaitedForLong(t *testing.T) {
	_, r := uploading(t, http.NotFoundHandler(), "Content-Length: 9")
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusNotFound {
		t.Fatal(res, err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("after the answer: %q, %v", rest, err)
	}
}

func TestUploadThatPausesAndGoesOnIsReadWhole(t *testing.T) {
	read := make(chan string)
	conn, r := uploading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		half := make([]byte, 2)
		_, _ = io.ReadFull(r.Body, half)
		read <- string(half)
		rest, err := io.ReadAll(r.Body)
		fmt.Fprint(w, string(half)+string(rest), err, r.Context().Err())
	}), "Content-Length: 4")
	fmt.Fprint(conn, "ab")
	<-read
	fmt.Fprint(conn, "cd")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body)
	if string(text) != "abcd<nil> <nil>" || res.Close {
		t.Errorf("got %q, close %v", text, res.Close)
	}
}

func TestNothingIsReadAfterABodyInChunks(t *testing.T) {
	var asked []string
	conn, r := uploading(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		_, _ = io.Copy(io.Discard, r.Body)
	}), "Content-Length: 6\r\nTransfer-Encoding: chunked")
	fmt.Fprint(conn, "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n")
	text, err := io.ReadAll(r)
	if err != nil || strings.Count(string(text), "HTTP/1.1") != 1 || len(asked) != 1 {
		t.Errorf("%v; the handler was asked for %q, and answered %q", err, asked, text)
	}
}

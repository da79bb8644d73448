package livereload_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// stream is a page whose WebSocket does not come through.
type stream struct {
	t    *testing.T
	s    *server
	in   *bufio.Scanner
	id   string
	quit func() error
}

func (s *server) stream(t *testing.T) *stream {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+livereload.LivePath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	t.Cleanup(func() { resp.Body.Close() })
	want := []string{"text/event-stream", "no-store", ""}
	got := []string{resp.Header.Get("Content-Type"), resp.Header.Get("Cache-Control"), resp.Header.Get("Access-Control-Allow-Origin")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	safe(t, resp)
	e := &stream{t: t, s: s, in: bufio.NewScanner(resp.Body), quit: resp.Body.Close}
	e.id, _ = e.next()["id"].(string)
	return e
}

func (e *stream) next() message {
	e.t.Helper()
	for e.in.Scan() {
		if text, ok := strings.CutPrefix(e.in.Text(), "data: "); ok {
			var m message
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				e.t.Fatal(err)
			}
			return m
		}
	}
	e.t.Fatalf("the stream ended: %v", e.in.Err())
	return nil
}

func (e *stream) post(body string, header http.Header) int {
	e.t.Helper()
	return request(e.t, http.MethodPost, e.s.url+livereload.LivePath+"?id="+url.QueryEscape(e.id), body, header).StatusCode
}

func (e *stream) own() http.Header { return http.Header{"Origin": {e.s.url}} }

func TestPageWithoutAWebSocketHasAnEventStream(t *testing.T) {
	s := newServer(t, livereload.Options{})
	e := s.stream(t)
	s.Notify(livereload.Change{All: true}) // before its hello it is no page
	s.SetGhost(true)
	if got := e.post(`{"t":"hello","doc":"/","uses":["/a.css"]}`, e.own()); got != http.StatusNoContent {
		t.Fatalf("hello: %d", got)
	}
	if m := e.next(); m["t"] != "hi" || m["ghost"] != true {
		t.Errorf("got %v, want hi", m)
	}
	if n := s.Notify(livereload.Change{Paths: []string{"/a.css"}}); n != 1 {
		t.Errorf("%d pages were told", n)
	}
	if m := e.next(); m["t"] != "change" || m["reload"] != false {
		t.Errorf("got %v, want a change", m)
	}
	c, _ := s.page(uses())
	if got := e.post(`{"t":"do","do":{"k":"click"}}`, e.own()); got != http.StatusNoContent {
		t.Errorf("a deed: %d", got)
	}
	if m := c.next(); m["t"] != "do" {
		t.Errorf("the page with a WebSocket got %v", m)
	}
	if err := e.quit(); err != nil {
		t.Fatal(err)
	}
	for s.Pages() != 1 {
		c.send(message{"t": "uses"}) // takes a moment, and proves that the other line lives
		c.next()
	}
}

func TestForeignPagesHaveNoEventStream(t *testing.T) {
	s := newServer(t, livereload.Options{})
	for _, header := range []http.Header{
		{"Origin": {"http://evil.example"}},
		{"Origin": {"null"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
	} {
		header.Set("Accept", "text/event-stream")
		resp := request(t, http.MethodGet, s.url+livereload.LivePath, "", header)
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %s", header, resp.Status)
		}
		safe(t, resp)
	}
	e := s.stream(t)
	hello := `{"t":"hello","doc":"/","uses":[]}`
	if got := e.post(hello, nil); got != http.StatusNotFound {
		t.Errorf("a message without an origin: %d", got)
	}
	if got := e.post(hello, http.Header{"Origin": {"http://evil.example"}}); got != http.StatusForbidden {
		t.Errorf("a message of a foreign page: %d", got)
	}
	if s.Pages() != 0 {
		t.Errorf("%d pages", s.Pages())
	}
}

func TestMessageThatIsNotUnderstoodEndsTheStream(t *testing.T) {
	s := newServer(t, livereload.Options{})
	for name, body := range map[string]string{
		"no JSON": "hello", "unknown": `{"t":"read"}`, "too large": `{"t":"hello","doc":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := s.stream(t)
			if got := e.post(body, e.own()); got != http.StatusBadRequest {
				t.Errorf("got %d", got)
			}
			for e.in.Scan() { // to its end
			}
			if got := e.post(`{"t":"hello"}`, e.own()); got != http.StatusNotFound {
				t.Errorf("after its end: %d", got)
			}
		})
	}
}

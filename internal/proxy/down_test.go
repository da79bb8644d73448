package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// nobody returns an address at which nothing listens.
func nobody(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestATargetThatIsDown(t *testing.T) {
	var logged strings.Builder
	f := front(t, nobody(t), func(o *Options) {
		o.Name = `api<b>`
		o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	})
	browserGets := get(t, f.URL+"/<i>")
	for _, want := range []string{"The back-end api&lt;b&gt; does not answer", "nothing listens there", "connection refused", "Waiting for it", "/&lt;i&gt;", element} {
		if !strings.Contains(browserGets.Body, want) {
			t.Errorf("the page lacks %q:\n%s", want, browserGets.Body)
		}
	}
	if browserGets.Status != 502 || browserGets.Header.Get(DownHeader) != "1" {
		t.Errorf("status %d, headers %v", browserGets.Status, browserGets.Header)
	}
	posted := do(t, http.MethodPost, f.URL, strings.NewReader("x"))
	if strings.Contains(posted.Body, "location.reload") {
		t.Error("a form would be sent again")
	}
	program := get(t, f.URL, "Accept", "application/json")
	if program.Status != 502 || program.Body != "api<b> does not answer: nothing listens there\n" || program.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("a program gets %d %q", program.Status, program.Body)
	}
	if n := strings.Count(logged.String(), "event=proxy.down"); n != 1 {
		t.Errorf("three requests were told %d times:\n%s", n, logged.String())
	}
}

func TestReasonsAreTold(t *testing.T) {
	hangsUp := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }))
	for target, want := range map[string]string{
		"http://no-such-host.invalid": "the name no-such-host.invalid is not known",
		hangsUp.URL:                   "it closed the connection without an answer",
	} {
		if got := get(t, front(t, target, nil).URL, "Accept", "*/*").Body; !strings.Contains(got, want) {
			t.Errorf("%s: %q lacks %q", target, got, want)
		}
	}
}

func TestOnlyThisMachineMaySignForItself(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	_, port, err := net.SplitHostPort(secure.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "app.localhost"} {
		if got := get(t, leading(t, "https://"+host+":"+port, secure).URL, "Accept", "*/*"); got.Status != 404 {
			t.Errorf("%s: %d %s", host, got.Status, got.Body)
		}
	}
	far := leading(t, "https://far.invalid:"+port, secure)
	if got := get(t, far.URL, "Accept", "*/*"); got.Status != 502 || !strings.Contains(got.Body, "its certificate is not trusted") {
		t.Errorf("far away: %d %s", got.Status, got.Body)
	}
	if got := get(t, far.URL); !strings.Contains(got.Body, "SSL_CERT_FILE") {
		t.Errorf("the page tells no way out: %s", got.Body)
	}
}

// leading is a proxy whose target is srv, whatever its name.
func leading(t *testing.T, target string, srv *httptest.Server) *httptest.Server {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Target: u})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	p.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, srv.Listener.Addr().String())
	}
	return listen(t, p)
}

func TestRequestsWaitWhileABackEndRestarts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	waits := make(chan struct{})
	up := make(chan struct{})
	f := front(t, "http://"+address, func(o *Options) {
		o.Ready = func(ctx context.Context) error {
			close(waits)
			select {
			case <-up:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	go func() {
		<-waits
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			close(up)
			return
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "back") })}
		t.Cleanup(func() { srv.Close() })
		close(up)
		_ = srv.Serve(l)
	}()
	if got := get(t, f.URL, "Accept", "*/*"); got.Body != "back" {
		t.Errorf("%d %q", got.Status, got.Body)
	}
}

func TestAGetThatNobodyReceivedIsSentAgain(t *testing.T) {
	sent := 0
	h := holdFor(roundTrip(func(r *http.Request) (*http.Response, error) {
		if sent++; sent < 3 {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
		}
		return &http.Response{StatusCode: 200}, nil
	}), func(context.Context) error { return nil }, 0)
	for method, want := range map[string]int{http.MethodGet: 3, http.MethodPost: 1} {
		sent = 0
		_, _ = h.RoundTrip(httptest.NewRequest(method, "/", nil))
		if sent != want {
			t.Errorf("%s: sent %d times, want %d", method, sent, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestABackEndThatStaysDownIsTold(t *testing.T) {
	f := front(t, nobody(t), func(o *Options) {
		o.Ready = func(context.Context) error { return errors.New("exited with status 1") }
	})
	if got := get(t, f.URL, "Accept", "*/*"); got.Status != 502 || !strings.Contains(got.Body, "did not become ready in time") {
		t.Errorf("%d %q", got.Status, got.Body)
	}
}

func TestATargetThatComesBackIsTold(t *testing.T) {
	var logged strings.Builder
	address := nobody(t)
	f := front(t, address, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	get(t, f.URL, "Accept", "*/*")
	l, err := net.Listen("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	up := &httptest.Server{Listener: l, Config: &http.Server{Handler: answers(200, "ok")}}
	up.Start()
	t.Cleanup(up.Close)
	for range 2 {
		get(t, f.URL, "Accept", "*/*")
	}
	if n := strings.Count(logged.String(), "event=proxy.up"); n != 1 {
		t.Errorf("told %d times:\n%s", n, logged.String())
	}
}

func TestAnUploadThatBreaksIsNoFaultOfTheTarget(t *testing.T) {
	var logged strings.Builder
	f := front(t, upstream(t).URL, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	conn, r := dial(t, f)
	fmt.Fprint(conn, "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusBadRequest || logged.Len() > 0 {
		t.Errorf("status %d, told %q", res.StatusCode, logged.String())
	}
	res.Body.Close()
}

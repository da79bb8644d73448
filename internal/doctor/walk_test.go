package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// site serves a real hub behind a handler that stands for the proxies on the way.
func site(t *testing.T, proxy func(hub http.Handler) http.Handler) Site {
	t.Helper()
	return siteThatPings(t, 20*time.Millisecond, proxy)
}

// siteThatPings is site with another time between two heartbeats.
func siteThatPings(t *testing.T, every time.Duration, proxy func(hub http.Handler) http.Handler) Site {
	t.Helper()
	h, err := hub.New(hub.Options{Path: "/socket.io/", Protocol: socketio.Options{Engine: engineio.Options{PingInterval: every, PingTimeout: time.Second}}})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	srv := httptest.NewServer(proxy(h))
	t.Cleanup(func() {
		cancel()
		must(t, <-ended)
		srv.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	u, err := url.Parse(srv.URL)
	must(t, err)
	return Site{URL: u, Path: "/socket.io/"}
}

func verdicts(all []Finding) map[string]Verdict {
	got := map[string]Verdict{}
	for _, f := range all {
		got[f.ID] = f.Verdict
	}
	return got
}

func TestAHubThatIsReachedPassesEveryStep(t *testing.T) {
	s := site(t, func(hub http.Handler) http.Handler { return hub })
	s.Idle = 100 * time.Millisecond // five heartbeats
	want := map[string]Verdict{"site.polling": Pass, "site.exchange": Pass, "site.websocket": Pass, "site.idle": Pass}
	var steps []string
	s.Progress = func(step string) { steps = append(steps, step) }
	all := Walk(t.Context(), s)
	if diff := cmp.Diff(want, verdicts(all)); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s\n%+v", diff, all)
	}
	if len(steps) != len(want) || steps[3] != "holding a connection for 100ms" {
		t.Errorf("told while it went: %q", steps)
	}
}

func TestTheHopThatBreaksItIsNamed(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "Apache/2.4")
		_, _ = w.Write([]byte("<!doctype html><html>"))
	})
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	only := func(method string, hub, other http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method {
				other.ServeHTTP(w, r)
				return
			}
			hub.ServeHTTP(w, r)
		})
	}
	strip := func(hub http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Upgrade")
			r.Header.Del("Connection")
			hub.ServeHTTP(w, r)
		})
	}
	tests := []struct {
		name, step, message, fix string
		proxy                    func(http.Handler) http.Handler
	}{
		{"the page answers", "site.polling", "a page answers on the hub's path", "pass /socket.io/ on", func(http.Handler) http.Handler { return page }},
		{"the hub is down", "site.polling", "the proxy does not reach the hub", "is `realtimectl serve", func(http.Handler) http.Handler { return status(502) }},
		{"the host is refused", "site.polling", "refuses the host name", "serve.allowed-hosts", func(http.Handler) http.Handler { return status(421) }},
		{"a redirect", "site.polling", "it redirects to https://x.test/", "give that address", func(http.Handler) http.Handler {
			return http.RedirectHandler("https://x.test/", http.StatusMovedPermanently)
		}},
		{"POST is forbidden", "site.exchange", "does not take a POST", "sticky", func(h http.Handler) http.Handler { return only(http.MethodPost, h, status(405)) }},
		{"the upgrade is stripped", "site.websocket", "a hop strips it", "upgrade=websocket", strip},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := Walk(t.Context(), site(t, tt.proxy))
			last := all[len(all)-1]
			if last.ID != tt.step || last.Verdict != Fail || !strings.Contains(last.Message, tt.message) || !strings.Contains(last.Fix, tt.fix) {
				t.Errorf("got %+v", last)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	u, err := url.Parse("http://127.0.0.1:1")
	must(t, err)
	all := Walk(t.Context(), Site{URL: u, Path: "/socket.io/"})
	if len(all) != 1 || all[0].Verdict != Fail || !strings.Contains(all[0].Message, "does not answer") {
		t.Errorf("got %+v", all)
	}
}

func TestAClockThatIsWrongIsNoticed(t *testing.T) {
	s := site(t, func(hub http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			hub.ServeHTTP(w, r)
		})
	})
	all := Walk(t.Context(), s)
	last := all[len(all)-1]
	if last.ID != "site.clock" || last.Verdict != Warn || !strings.HasPrefix(last.Message, "its clock and the one of this machine are 1h0m") || Failed(all) {
		t.Errorf("got %+v", all)
	}
}

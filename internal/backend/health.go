package backend

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// How often and how patiently a port is asked. A start that takes 300 ms should not be
// reported as 400.
const (
	checkEvery   = 25 * time.Millisecond
	checkTimeout = 2 * time.Second
)

// check is what Service.Health says.
type check struct {
	path    string         // HTTP, if not ""
	tcp     bool           // the port accepts
	pattern *regexp.Regexp // a line of output
}

func parseHealth(s Service) (check, error) {
	pattern, isLog := strings.CutPrefix(s.Health, "log:")
	switch {
	case isLog:
		re, err := regexp.Compile(pattern)
		if err != nil {
			return check{}, fmt.Errorf("health: %w", err)
		}
		return check{pattern: re}, nil
	case strings.HasPrefix(s.Health, "/"):
		return check{path: s.Health}, nil
	case s.Health == "tcp":
		return check{tcp: true}, nil
	case s.Health == "":
		return check{tcp: s.Port != 0 || s.URL != "" || strings.Contains(s.Run, "PORT")}, nil
	}
	return check{}, fmt.Errorf("health is a path, tcp or log:PATTERN, not %q", s.Health)
}

// missing says what did not happen.
func (c check) missing(port int) string {
	switch {
	case c.path != "":
		return fmt.Sprintf("%s on port %d does not answer well", c.path, port)
	case c.pattern != nil:
		return fmt.Sprintf("no line of its output matches %s", c.pattern)
	}
	return fmt.Sprintf("nothing listens on port %d", port)
}

// verdict is a check under way.
type verdict struct {
	url   chan string   // gets one value, once healthy
	ended chan struct{} // closed when the goroutine has ended
}

// await checks until the service is healthy or ctx is done.
func (s *service) await(ctx context.Context, proc *process) verdict {
	v := verdict{url: make(chan string, 1), ended: make(chan struct{})}
	go func() {
		defer close(v.ended)
		if url, ok := s.becomesHealthy(ctx, proc); ok {
			v.url <- url
		}
	}()
	return v
}

func (s *service) becomesHealthy(ctx context.Context, proc *process) (string, bool) {
	if s.health.pattern != nil {
		select {
		case <-ctx.Done():
			return "", false
		case <-proc.matched:
		}
	}
	if s.health.path == "" && !s.health.tcp {
		// Where it listens is a guess that need not be right: nothing depends on it.
		return s.guessURL(), true
	}
	client := asking()
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		// localhost is two addresses, and servers pick one of them.
		for _, ip := range []string{"127.0.0.1", "::1"} {
			address := net.JoinHostPort(ip, strconv.Itoa(s.port))
			if s.health.passes(ctx, client, "http://"+address) {
				return "http://" + address, true
			}
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-ticker.C:
		}
	}
}

// guessURL is for a service whose port is not checked.
func (s *service) guessURL() string {
	if s.config.Port == 0 && !strings.Contains(s.config.Run, "PORT") {
		return ""
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
}

// asking returns a client for health checks.
func asking() *http.Client {
	return &http.Client{
		Timeout:   checkTimeout,
		Transport: &http.Transport{DisableKeepAlives: true},
		// A redirect is an answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// passes asks once; base is scheme, host and port.
func (c check) passes(ctx context.Context, client *http.Client, base string) bool {
	if c.tcp {
		return accepts(ctx, base)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+c.path, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(r)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode >= 200 && resp.StatusCode < 400
}

// accepts reports whether something listens where a URL leads.
func accepts(ctx context.Context, base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := (&net.Dialer{Timeout: checkTimeout}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

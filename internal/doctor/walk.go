package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// stepTimeout bounds one step of the walk: a deployed hub answers in a fraction of it.
const stepTimeout = 10 * time.Second

// promptly is how soon an answer that is ready has to arrive; a proxy that collects
// answers until they fill its buffer takes longer.
const promptly = 3 * time.Second

// maxStep bounds what is read of an answer, in bytes.
const maxStep = 64 << 10

// The lines that make the usual proxies pass everything on.
const (
	apacheUpgrade = `Apache (mod_proxy_http, 2.4.47 or later): ProxyPass "/socket.io/" "http://127.0.0.1:3010/socket.io/" upgrade=websocket`
	nginxPass     = `nginx: location /socket.io/ { proxy_pass http://127.0.0.1:3010; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }`
	nginxUpgrade  = `nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`
	apacheBuffer  = `Apache: SetEnv proxy-sendchunked 1, and no mod_deflate on /socket.io/`
	nginxBuffer   = `nginx: proxy_buffering off;`
	apacheIdle    = `Apache: ProxyTimeout 120`
	nginxIdle     = `nginx: proxy_read_timeout 120s;`
	oftener       = `or a heartbeat that comes sooner: hub.limits.ping-interval`
)

// lines returns those that are for the server that showed itself on the way; all of them
// if none did.
func (w *walker) lines(apache, nginx string, more ...string) string {
	found := []string{apache, nginx}
	switch hop := strings.ToLower(w.hop); {
	case strings.Contains(hop, "nginx") && !strings.Contains(hop, "apache"):
		found = []string{nginx}
	case strings.Contains(hop, "apache") && !strings.Contains(hop, "nginx"):
		found = []string{apache}
	}
	return strings.Join(append(found, more...), "\n")
}

// Site is a deployed hub.
type Site struct {
	URL  *url.URL // scheme and host, http or https
	Path string   // of the hub: "/socket.io/"
	// Idle is how long a WebSocket is held to see whether a hop closes it; 0 leaves
	// that step out.
	Idle time.Duration
	// Progress is told what is being looked at; nil is told nothing.
	Progress func(step string)
}

// Walk goes the way of a browser to a deployed hub: polling, an event both ways, the
// upgrade, an idle connection. The first step that fails ends it, because the next ones
// could only fail for the same reason.
func Walk(ctx context.Context, s Site) []Finding {
	w := walker{site: s, client: &http.Client{
		Timeout:       stepTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	var all []Finding
	steps := []struct {
		says string
		walk func(context.Context) Finding
	}{
		{"asking " + s.URL.Host + " for a session", w.handshake},
		{"sending an event both ways", w.exchange},
		{"opening a WebSocket", w.upgrade},
		{"holding a connection for " + s.Idle.String(), w.idle},
	}
	for _, step := range steps {
		if s.Progress != nil {
			s.Progress(step.says)
		}
		f := step.walk(ctx)
		all = append(all, f)
		if f.Verdict == Fail {
			break
		}
	}
	return append(all, w.noticed...)
}

// maxSkew is how far clocks may be apart before tokens are refused that hold a minute.
const maxSkew = time.Minute

// clock compares ours with the one that an answer tells.
func (w *walker) clock(resp *http.Response) {
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || resp.Header.Get("Age") != "" {
		return
	}
	skew := time.Since(theirs).Round(time.Second)
	if skew.Abs() <= maxSkew {
		return
	}
	w.noticed = append(w.noticed, Finding{
		ID: "site.clock", Verdict: Warn, Message: fmt.Sprintf("its clock and the one of this machine are %s apart", skew.Abs()),
		Fix: "set both by NTP: tokens are refused before their time, or taken after it",
	})
}

type walker struct {
	site   Site
	client *http.Client
	sid    string
	hop    string // the servers that showed themselves on the way
	// noticed is what is odd beside the steps.
	noticed []Finding
}

func (w *walker) address(query string) string {
	u := *w.site.URL
	u.Path, u.RawQuery = w.site.Path, "EIO=4&"+query
	return u.String()
}

// request returns the status, the headers and the beginning of the body.
func (w *walker) request(ctx context.Context, method, query, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.address(query), strings.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("make the request: %w", err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // everything wanted was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxStep))
	if err != nil {
		return nil, "", fmt.Errorf("read the answer: %w", err)
	}
	return resp, string(text), nil
}

// handshake opens a polling session.
func (w *walker) handshake(ctx context.Context) Finding {
	f := Finding{ID: "site.polling", Verdict: Fail}
	resp, text, err := w.request(ctx, http.MethodGet, "transport=polling", "")
	if err != nil {
		f.Message, f.Fix = "the site does not answer: "+err.Error(), "is the address right, and the server up?"
		return f
	}
	w.hop = via(resp)
	w.clock(resp)
	var open struct {
		SID string `json:"sid"`
	}
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(text, "0{") && json.Unmarshal([]byte(text[1:]), &open) == nil && open.SID != "" {
		w.sid = open.SID
		return Finding{ID: f.ID, Verdict: Pass, Message: "the hub answers over polling" + via(resp)}
	}
	f.Message, f.Fix = w.misdirected(resp, text)
	return f
}

// misdirected says who answered instead of the hub, and how to mend that.
func (w *walker) misdirected(resp *http.Response, text string) (message, fix string) {
	status := resp.Status + via(resp)
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fmt.Sprintf("%s: it redirects to %s", status, resp.Header.Get("Location")), "give that address to --url"
	case strings.Contains(strings.ToLower(text), "<html"):
		return status + ": a page answers on the hub's path", "pass /socket.io/ on to the hub before the rule for the page:\n" + w.lines(apacheUpgrade, nginxPass)
	case resp.StatusCode == http.StatusBadGateway, resp.StatusCode == http.StatusServiceUnavailable, resp.StatusCode == http.StatusGatewayTimeout:
		return status + ": the proxy does not reach the hub", "is `realtimectl serve --mode production` up, on the port the proxy names?"
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusMisdirectedRequest:
		return status + ": the hub refuses the host name", "add it to serve.allowed-hosts in realtimectl.yaml"
	}
	return status + ": this is not the hub", "is hub.path right, and /socket.io/ passed on with its path?"
}

// via names the servers that show themselves on the way.
func via(resp *http.Response) string {
	var hops []string
	for _, h := range []string{"Server", "Via"} {
		if v := resp.Header.Get(h); v != "" {
			hops = append(hops, v)
		}
	}
	if hops == nil {
		return ""
	}
	return " (through " + strings.Join(hops, ", ") + ")"
}

// exchange joins the namespace and waits for the answer, which shows whether requests
// and answers pass whole and at once.
func (w *walker) exchange(ctx context.Context) Finding {
	f := Finding{ID: "site.exchange", Verdict: Fail}
	query := "transport=polling&sid=" + url.QueryEscape(w.sid)
	resp, text, err := w.request(ctx, http.MethodPost, query, "40")
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status + " " + firstWords(text))
	}
	if err != nil {
		f.Message, f.Fix = "the site does not take a POST: "+err.Error(), "several hubs behind one address need sticky sessions; a firewall may forbid POST"
		return f
	}
	started := time.Now()
	resp, text, err = w.request(ctx, http.MethodGet, query, "")
	switch took := time.Since(started); {
	case err != nil:
		f.Message, f.Fix = "an answer that was ready did not come through: "+err.Error(), w.lines(apacheBuffer, nginxBuffer)
	case !strings.HasPrefix(text, "40") && !strings.HasPrefix(text, "44"):
		f.Message, f.Fix = fmt.Sprintf("%s %s: the session is not known", resp.Status, firstWords(text)), "several hubs behind one address need sticky sessions"
	case took > promptly:
		f.Verdict, f.Message, f.Fix = Warn, fmt.Sprintf("an answer that was ready took %.1f s", took.Seconds()), w.lines(apacheBuffer, nginxBuffer)
	default:
		f.Verdict, f.Message = Pass, "events pass both ways at once"
	}
	return f
}

func firstWords(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line[:min(len(line), 80)]
}

// dial opens a WebSocket to the hub.
func (w *walker) dial(ctx context.Context) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{HandshakeTimeout: stepTimeout}
	address := strings.Replace(w.address("transport=websocket"), "http", "ws", 1)
	conn, resp, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		return nil, resp, fmt.Errorf("upgrade: %w", err)
	}
	conn.SetReadLimit(maxStep)
	return conn, resp, nil
}

func (w *walker) upgrade(ctx context.Context) Finding {
	f := Finding{ID: "site.websocket", Verdict: Fail, Fix: w.lines(apacheUpgrade, nginxUpgrade)}
	conn, resp, err := w.dial(ctx)
	switch {
	case err != nil && resp != nil:
		f.Message = fmt.Sprintf("the upgrade is answered with %s%s: a hop strips it, so every client stays on polling", resp.Status, via(resp))
		return f
	case err != nil:
		f.Message = "the upgrade does not come through: " + err.Error()
		return f
	}
	defer func() { _ = conn.Close() }() // it was opened only to see whether that works
	_ = conn.SetReadDeadline(time.Now().Add(stepTimeout))
	if _, text, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(text), "0{") {
		f.Message = "the upgrade passes, but no message does"
		return f
	}
	return Finding{ID: f.ID, Verdict: Pass, Message: "WebSockets pass"}
}

// idle holds a WebSocket that says nothing but the heartbeat's answers.
func (w *walker) idle(ctx context.Context) Finding {
	f := Finding{ID: "site.idle", Verdict: Skip, Message: "not asked for (--idle 70s holds a connection that long)"}
	if w.site.Idle == 0 {
		return f
	}
	conn, _, err := w.dial(ctx)
	if err != nil {
		return Finding{ID: f.ID, Verdict: Fail, Message: err.Error(), Fix: w.lines(apacheIdle, nginxIdle, oftener)}
	}
	defer func() { _ = conn.Close() }() // it was opened only to see how long it lasts
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	started := time.Now()
	_ = conn.SetReadDeadline(started.Add(w.site.Idle))
	for {
		_, text, err := conn.ReadMessage()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			return Finding{ID: f.ID, Verdict: Pass, Message: fmt.Sprintf("a connection lives for %s", w.site.Idle)}
		case err != nil:
			return Finding{ID: f.ID, Verdict: Fail, Message: fmt.Sprintf("a hop%s closed the connection after %.0f s: %v", w.hop, time.Since(started).Seconds(), err), Fix: w.lines(apacheIdle, nginxIdle, oftener)}
		}
		if err := w.answer(conn, string(text)); err != nil {
			return Finding{ID: f.ID, Verdict: Fail, Message: err.Error(), Fix: w.lines(apacheIdle, nginxIdle, oftener)}
		}
	}
}

// answer joins the namespace after the opening, and answers heartbeats.
func (w *walker) answer(conn *websocket.Conn, text string) error {
	reply := ""
	switch {
	case strings.HasPrefix(text, "0"):
		reply = "40"
	case strings.HasPrefix(text, "2"):
		reply = "3"
	default:
		return nil
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(reply)); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/term"
)

// maxEvent bounds one event that listen reads, in bytes.
const maxEvent = 16 << 20

func (a *app) listenCommand() *cobra.Command {
	var f listenFlags
	cmd := &cobra.Command{
		Use:   "listen [PATTERN]",
		Short: "Print the events that browsers hear, as they come",
		Long: `It joins the hub as one more client, so it hears what goes to everybody, not what goes
to single clients or rooms. In a pattern * matches one part between colons, ** the rest.
It ends with Ctrl-C, after --count events, or with exit code 1 when serve stops.`,
		Example: `realtimectl listen
realtimectl listen 'server:**'
realtimectl listen --json --count 1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("put it in single quotes, so that the shell leaves the stars alone", "listen takes one pattern, not %d arguments", len(args))
			}
			return nil
		},
		ValidArgsFunction: a.completeEvents,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.pattern = strings.Join(args, "")
			return a.listen(cmd.Context(), f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.url, "url", "", "hub at `URL` (that of the project's serve)")
	fs.StringVar(&f.namespace, "namespace", "/", "in this `NAMESPACE`")
	fs.IntVar(&f.count, "count", 0, "`NUMBER`: end after so many events")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// listenFlags say what listen listens to.
type listenFlags struct {
	url, namespace, pattern string
	count                   int
	asJSON                  bool
}

func (a *app) listen(ctx context.Context, f listenFlags) error {
	hub, err := a.hubURL(ctx, f.url)
	if err != nil {
		return err
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, hub, nil)
	if err != nil {
		return dialFailed(hub, resp, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends the read below
	defer stop()
	defer func() { _ = conn.Close() }() // everything wanted was read
	conn.SetReadLimit(maxEvent)
	l := listener{conn: conn, namespace: f.namespace, wanted: eventPattern(f.pattern)}
	seen := 0
	err = l.run(func(event string, args []json.RawMessage) bool {
		a.printEvent(event, args, f.asJSON)
		seen++
		return f.count == 0 || seen < f.count
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// hubURL returns the WebSocket address of the hub.
func (a *app) hubURL(ctx context.Context, rawURL string) (string, error) {
	cfg, err := a.load(a.directory)
	if err != nil {
		return "", err
	}
	if rawURL == "" {
		s, _, runs := living(ctx, cfg)
		if !runs {
			return "", notRunning(cfg)
		}
		rawURL = s.App
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", usagef("write it like http://localhost:3010", "--url: %q is not a URL", rawURL)
	}
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u.Path, u.RawQuery = cfg.Hub.Path, "EIO=4&transport=websocket"
	return u.String(), nil
}

func dialFailed(hub string, resp *http.Response, err error) error {
	if resp != nil {
		return failure(exitFailure, fmt.Errorf("%s answers %s instead of a WebSocket", hub, resp.Status), "is hub.path the one of that server?")
	}
	return fmt.Errorf("connect to %s: %w", hub, err)
}

// listener is a client of the hub that only hears: Engine.IO 4, Socket.IO 5.
type listener struct {
	conn      *websocket.Conn
	namespace string
	wanted    *regexp.Regexp
}

// run reads until the hub closes, or handle returns false.
func (l *listener) run(handle func(event string, args []json.RawMessage) bool) error {
	for {
		kind, text, err := l.conn.ReadMessage()
		if err != nil {
			return failure(exitFailure, fmt.Errorf("the hub closed the connection: %w", err), "serve has stopped, or restarts")
		}
		if kind != websocket.TextMessage || len(text) == 0 {
			continue // an attachment; its place in the event is printed
		}
		more, err := l.packet(text, handle)
		if err != nil || !more {
			return err
		}
	}
}

// packet answers what the protocol asks for and hands events on.
func (l *listener) packet(text []byte, handle func(string, []json.RawMessage) bool) (bool, error) {
	switch {
	case text[0] == '0': // opened: join the namespace
		return true, l.send("40" + l.prefix())
	case text[0] == '2': // ping
		return true, l.send("3" + string(text[1:]))
	case bytes.HasPrefix(text, []byte("44")):
		return false, failure(exitFailure, fmt.Errorf("the hub refuses the namespace %s: %s", l.namespace, refusal(text)), "declare it under hub.namespaces")
	case bytes.HasPrefix(text, []byte("42")), bytes.HasPrefix(text, []byte("45")):
		event, args, ok := decodeEvent(text[2:])
		return !ok || !l.wanted.MatchString(event) || handle(event, args), nil
	}
	return true, nil
}

func (l *listener) prefix() string {
	if l.namespace == "/" {
		return ""
	}
	return l.namespace + ","
}

func (l *listener) send(text string) error {
	if err := l.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		return fmt.Errorf("answer the hub: %w", err)
	}
	return nil
}

func refusal(text []byte) string {
	var r struct {
		Message string `json:"message"`
	}
	if at := bytes.IndexByte(text, '{'); at >= 0 && json.Unmarshal(text[at:], &r) == nil {
		return r.Message
	}
	return "no reason given"
}

// decodeEvent reads `[attachments-][/namespace,][id]["event",…]`.
func decodeEvent(text []byte) (string, []json.RawMessage, bool) {
	at := bytes.IndexByte(text, '[')
	if at < 0 {
		return "", nil, false
	}
	var list []json.RawMessage
	if json.Unmarshal(text[at:], &list) != nil || len(list) == 0 {
		return "", nil, false
	}
	var event string
	if json.Unmarshal(list[0], &event) != nil {
		return "", nil, false
	}
	return event, list[1:], true
}

// eventPattern compiles a pattern of event names; an empty one matches all.
func eventPattern(pattern string) *regexp.Regexp {
	if pattern == "" {
		pattern = "**"
	}
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(quoted, `\*\*`, `.*`)
	quoted = strings.ReplaceAll(quoted, `\*`, `[^:]*`)
	return regexp.MustCompile("(?s)^" + quoted + "$")
}

func (a *app) printEvent(event string, args []json.RawMessage, asJSON bool) {
	if asJSON {
		line, err := json.Marshal(struct {
			Time  time.Time         `json:"time"`
			Event string            `json:"event"`
			Args  []json.RawMessage `json:"args"`
		}{time.Now(), event, args})
		if err == nil { // every part was valid JSON before
			a.printf("%s\n", line)
		}
		return
	}
	parts := make([]string, len(args))
	for i, arg := range args {
		parts[i] = string(arg)
	}
	a.printf("%s %s %s\n", time.Now().Format("15:04:05"), term.Clean(event), term.Clean(strings.Join(parts, " ")))
}

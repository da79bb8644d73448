package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
)

// talkTimeout bounds one request to a running hub, so that a script never hangs.
const talkTimeout = 10 * time.Second

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// emitFlags are the flags of emit.
type emitFlags struct {
	url, tokenFile, namespace string
	rooms, except             []string
	asJSON                    bool
}

func (a *app) emitCommand() *cobra.Command {
	var f emitFlags
	cmd := &cobra.Command{
		Use:   "emit EVENT [JSON...]",
		Short: "Send an event to the browsers of a running serve",
		Long: `Each argument after the event is one of its arguments, as JSON; - reads one from stdin.
The event comes from the back-end, so rules with "from: server" let it pass.`,
		Example: `realtimectl emit server:created:job '{"id":1,"title":"Gardener"}'
realtimectl emit chat:message '"hello"' --room lobby
realtimectl emit stock:update - < stock.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("for example: realtimectl emit server:created:job '{\"id\":1}'", "emit needs the name of an event")
			}
			return nil
		},
		ValidArgsFunction: a.completeEvents,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.emit(cmd.Context(), args[0], args[1:], f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.url, "url", "", "hub at `URL` (that of the project's serve)")
	fs.StringVar(&f.tokenFile, "token-file", "", "token in `FILE` (that of the project's serve)")
	fs.StringVar(&f.namespace, "namespace", "/", "in this `NAMESPACE`")
	fs.StringArrayVar(&f.rooms, "room", nil, "only to `ROOM`; may be repeated")
	fs.StringArrayVar(&f.except, "except", nil, "not to `ROOM`; may be repeated")
	fs.BoolVar(&f.asJSON, "json", false, "print the answer for programs")
	register(cmd, "namespace", a.completeNamespaces)
	register(cmd, "room", a.completeRooms)
	register(cmd, "except", a.completeRooms)
	return cmd
}

// message is the body that the hub's publish endpoint takes.
type message struct {
	Namespace string            `json:"namespace,omitempty"`
	Event     string            `json:"event"`
	Args      []json.RawMessage `json:"args"`
	Rooms     []string          `json:"rooms,omitempty"`
	Except    []string          `json:"except,omitempty"`
}

func (a *app) emit(ctx context.Context, event string, args []string, f emitFlags) error {
	values, err := a.jsonArguments(args)
	if err != nil {
		return err
	}
	target, err := a.running(ctx, f.url, f.tokenFile)
	if err != nil {
		return err
	}
	var answer struct {
		Delivered int `json:"delivered"`
	}
	body := message{Namespace: f.namespace, Event: event, Args: values, Rooms: f.rooms, Except: f.except}
	if err := target.post(ctx, "/__realtimectl/emit", body, &answer); err != nil {
		return err
	}
	if f.asJSON {
		return a.writeJSON(answer)
	}
	a.printf("%s sent to %s\n", event, countOf(answer.Delivered, "client"))
	return nil
}

// countOf is a number with its noun: "1 client", "2 clients".
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// jsonArguments checks the arguments of an event; "-" is stdin.
func (a *app) jsonArguments(args []string) ([]json.RawMessage, error) {
	values := []json.RawMessage{}
	for _, arg := range args {
		text := []byte(arg)
		if arg == "-" {
			var err error
			if text, err = io.ReadAll(io.LimitReader(a.in, maxAnswer)); err != nil {
				return nil, fmt.Errorf("read stdin: %w", err)
			}
		}
		if !json.Valid(text) {
			return nil, usagef(jsonHint(arg), "%q is not JSON", arg)
		}
		values = append(values, bytes.TrimSpace(text))
	}
	return values, nil
}

func jsonHint(arg string) string {
	if arg == "-" {
		return "stdin must hold one JSON value"
	}
	if strings.ContainsAny(arg, "{[") {
		return "put it in single quotes, so that the shell leaves its double quotes alone"
	}
	return fmt.Sprintf(`text needs quotes of its own: '"%s"'`, arg)
}

// server is a running serve that this program may control.
type server struct {
	url, token string
	// certificate is a PEM file that is trusted beside what the system trusts; it may be "".
	certificate string
}

// running finds the serve of the project: its address and its token from the files
// that serve wrote.
func (a *app) running(ctx context.Context, rawURL, tokenFile string) (server, error) {
	cfg, err := a.load(a.directory)
	if err != nil {
		return server{}, err
	}
	return a.runningIn(ctx, cfg, rawURL, tokenFile)
}

func (a *app) runningIn(ctx context.Context, cfg *config.Config, rawURL, tokenFile string) (server, error) {
	s := server{url: strings.TrimSuffix(rawURL, "/"), certificate: certificateOf(cfg)}
	if s.url == "" {
		state, _, runs := living(ctx, cfg)
		if !runs {
			return server{}, notRunning(cfg)
		}
		s.url, s.certificate = state.App, state.Certificate
	}
	if u, err := url.Parse(s.url); err != nil || u.Host == "" {
		return server{}, usagef("write it like http://localhost:3010", "--url: %q is not a URL", rawURL)
	}
	path := cfg.Abs(cfg.Hub.Publish.TokenFile)
	if tokenFile != "" {
		path = a.path(tokenFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return server{}, failure(exitFailure, fmt.Errorf("the token of the running serve: %w", err),
			"start `realtimectl serve` in "+cfg.Dir+", or name another project with -C DIR")
	}
	s.token = strings.TrimSpace(string(text))
	return s, nil
}

// post sends a control request and reads the answer into out.
func (s server) post(ctx context.Context, path string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, talkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	return s.do(req, out)
}

func (s server) do(req *http.Request, out any) error {
	resp, err := s.send(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return s.nobody()
	}
	if err != nil {
		return fmt.Errorf("ask %s: %w", s.url, err)
	}
	defer func() { _ = resp.Body.Close() }() // everything wanted was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", s.url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return s.refused(resp, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return failure(exitFailure, fmt.Errorf("%s answers something that is no JSON", s.url), "is it another program? name the address with --url")
	}
	return nil
}

func (s server) nobody() error {
	return failure(exitFailure, fmt.Errorf("nothing answers at %s", s.url), "start `realtimectl serve`, or name its address with --url")
}

// refused turns an answer that is not 200 into an error with the server's own reason.
func (s server) refused(resp *http.Response, text []byte) error {
	var answer struct {
		Error string `json:"error"`
	}
	reason := resp.Status
	if json.Unmarshal(text, &answer) == nil && answer.Error != "" {
		reason = answer.Error
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return failure(exitFailure, fmt.Errorf("%s does not take the token: %s", s.url, reason),
			"the serve there may belong to another project; name it with -C DIR, or --url and --token-file")
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return failure(exitFailure, fmt.Errorf("%s has no control endpoint: %s", s.url, reason), "is it another program? name the address with --url")
	}
	return fmt.Errorf("%s refuses: %s", s.url, reason)
}

// completeEvents offers the events that the project's rules send.
func (a *app) completeEvents(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	cfg, err := a.reload(a.directory)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, r := range cfg.Hub.Relays {
		if r.Emit != "" && !strings.ContainsAny(r.Emit, "$*") {
			names = append(names, r.Emit)
		}
	}
	for _, b := range cfg.Backends {
		for _, event := range b.Emit {
			names = append(names, event)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/term"
)

// maxLine bounds one line of the hub's report, in bytes; it leaves out arguments that
// are larger than 32 KiB.
const maxLine = 1 << 20

// listenFlags say what listen listens to.
type listenFlags struct {
	url, tokenFile, namespace, pattern string
	kinds                              []string
	count                              int
	asJSON                             bool
}

// kinds are what the hub reports.
func kinds() []string {
	return []string{"connect", "disconnect", "event", "publish", "refused", "dropped"}
}

func (a *app) listenCommand() *cobra.Command {
	var f listenFlags
	cmd := &cobra.Command{
		Use:   "listen [PATTERN]",
		Short: "Print what happens in the hub, as it happens",
		Long: `Events with whom they went to, connections, and what was refused and why. In a pattern
* matches one part between colons, ** the rest; it is tried on the name that came in and
on the one that went out. It ends with Ctrl-C, after --count lines, or with exit code 1
when serve stops.`,
		Example: `realtimectl listen
realtimectl listen 'server:**'
realtimectl listen --kind refused,dropped
realtimectl listen --json --count 1`,
		Args: func(_ *cobra.Command, args []string) error {
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
	fs.StringSliceVar(&f.kinds, "kind", nil, "`KIND`: only connect, disconnect, event, publish, refused or dropped")
	fs.StringVar(&f.namespace, "namespace", "", "only in this `NAMESPACE`")
	fs.IntVar(&f.count, "count", 0, "`NUMBER`: end after so many lines")
	fs.StringVar(&f.url, "url", "", "hub at `URL` (that of the project's serve)")
	fs.StringVar(&f.tokenFile, "token-file", "", "token in `FILE` (that of the project's serve)")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON object a line")
	completes(cmd, "kind", kinds()...)
	register(cmd, "namespace", a.completeNamespaces)
	return cmd
}

func (a *app) listen(ctx context.Context, f listenFlags) error {
	for _, kind := range f.kinds {
		if !slices.Contains(kinds(), kind) {
			return notOneOf("--kind", kind, kinds())
		}
	}
	target, err := a.running(ctx, f.url, f.tokenFile)
	if err != nil {
		return err
	}
	query := url.Values{}
	for name, value := range map[string]string{"pattern": f.pattern, "namespace": f.namespace, "kind": strings.Join(f.kinds, ",")} {
		if value != "" {
			query.Set(name, value)
		}
	}
	lines, err := target.stream(ctx, "/__realtimectl/listen?"+query.Encode())
	if ctx.Err() != nil {
		return nil // whoever pressed Ctrl-C has seen enough
	}
	if err != nil {
		return err
	}
	defer func() { _ = lines.Close() }() // everything wanted was read
	a.printer().Log().Info("listening to "+target.url+" until Ctrl-C", "event", "listen.ready")
	err = a.report(lines, f)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// stream opens an answer that goes on until one of the two has enough.
func (s server) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.send(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, s.nobody()
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", s.url, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return nil, errors.Join(s.refused(resp, text), err, resp.Body.Close())
}

// report prints lines until there are enough of them, or the hub has no more.
func (a *app) report(lines io.Reader, f listenFlags) error {
	scan := bufio.NewScanner(lines)
	scan.Buffer(nil, maxLine)
	for n := 1; scan.Scan(); n++ {
		if err := a.printHappening(scan.Bytes(), f.asJSON); err != nil {
			return err
		}
		if n == f.count {
			return nil
		}
	}
	if err := scan.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("listen: %w", err)
	}
	return failure(exitFailure, errors.New("the hub has stopped"), "`realtimectl status --wait` waits until it is back")
}

// happening is one line of the hub's report.
type happening struct {
	Time      time.Time         `json:"time"`
	Kind      string            `json:"kind"`
	Namespace string            `json:"namespace"`
	ID        string            `json:"id"`
	Event     string            `json:"event"`
	Args      []json.RawMessage `json:"args"`
	Size      int               `json:"size"`
	Emit      string            `json:"emit"`
	To        []string          `json:"to"`
	Reason    string            `json:"reason"`
	Count     int               `json:"count"`
}

func (a *app) printHappening(line []byte, asJSON bool) error {
	if asJSON {
		a.printf("%s\n", line)
		return nil
	}
	var h happening
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("the hub reports something else than JSON: %w", err)
	}
	a.printf("%s %s\n", h.Time.Local().Format("15:04:05"), term.Clean(h.String()))
	return nil
}

// String is the line for people: what, from whom, what became of it, with what.
func (h happening) String() string {
	parts := []string{fmt.Sprintf("%-10s", h.Kind)}
	add := func(before, text string) {
		if text != "" {
			parts = append(parts, before+text)
		}
	}
	if h.Kind == "event" || h.Kind == "publish" || h.Kind == "refused" {
		add("", h.Event)
	}
	if h.Emit != h.Event {
		add("→ ", h.Emit)
	}
	add("to ", strings.Join(h.To, ", "))
	for _, arg := range h.Args {
		add("", string(arg))
	}
	if h.Args == nil && h.Size > 0 {
		add("", fmt.Sprintf("(%d bytes)", h.Size))
	}
	add("", h.Reason)
	if h.Count > 0 {
		add("", countOf(h.Count, "line"))
	}
	if h.Namespace != "/" {
		add("in ", h.Namespace)
	}
	add("by ", h.ID)
	return strings.TrimRight(strings.Join(parts, " "), " ")
}

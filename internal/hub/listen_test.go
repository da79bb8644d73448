package hub_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

const listenToken = "listen-token"

// ear reads the lines of one who listens.
type ear struct {
	t     testing.TB
	lines *bufio.Scanner
	close func()
}

// listen begins to listen; it returns once the hub tells it everything.
func (s *server) listen(query string) *ear {
	s.t.Helper()
	srv := httptest.NewServer(s.ListenHandler(listenToken))
	ctx, cancel := context.WithCancel(s.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+listenToken)
	resp, err := srv.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "application/x-ndjson" {
		body, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("got %s %s: %s", resp.Status, kind, body)
	}
	e := &ear{t: s.t, lines: bufio.NewScanner(resp.Body)}
	e.lines.Buffer(nil, 1<<20)
	e.close = func() {
		cancel()
		resp.Body.Close()
		srv.Close()
	}
	s.t.Cleanup(e.close)
	return e
}

// next returns the next line without its time, ids written as names.
func (e *ear) next(names map[string]string) string {
	e.t.Helper()
	if !e.lines.Scan() {
		e.t.Fatalf("no line: %v", e.lines.Err())
	}
	var l map[string]json.RawMessage
	if err := json.Unmarshal(e.lines.Bytes(), &l); err != nil {
		e.t.Fatalf("%s: %v", e.lines.Text(), err)
	}
	var at time.Time
	if err := json.Unmarshal(l["time"], &at); err != nil || time.Since(at).Abs() > time.Minute {
		e.t.Errorf("time %s: %v", l["time"], err)
	}
	delete(l, "time")
	text, err := json.Marshal(l) // keys in alphabetical order
	if err != nil {
		e.t.Fatal(err)
	}
	out := string(text)
	for id, name := range names {
		out = strings.ReplaceAll(out, id, name)
	}
	return out
}

func TestAListenerSeesWhatHappens(t *testing.T) {
	s := start(t, []relay.Rule{
		fenceRule(),
		{On: "connect", Emit: "online", To: []string{"others"}, Args: []any{"$id"}},
		{On: "chat:*", Emit: "said", To: []string{"others", "room:r-$1"}},
		{On: "small", MaxSize: 4, To: []string{"self"}},
		{On: "server:**", From: "server"},
		{On: "client:**", Emit: "server:$1"},
	}, hub.Options{Namespaces: []string{"/chat"}})
	e := s.listen("")
	a := s.join("/")
	a.fence() // the rules on connect have run
	b := s.join("/chat")
	b.send(`42/chat,99["fence"]`)
	b.expect(`43/chat,99[]`)
	a.send(`42["chat:7",{"a<b":"é"},2]`)
	a.send(`42["nobody:knows"]`)
	a.send(`421["small","too large"]`)
	a.send(`451-["chat:8",{"_placeholder":true,"num":0}]`)
	a.sendBytes([]byte{1, 2})
	a.send(`42["client:created:job",1]`)
	a.expect(`431[{"error":"11 bytes are more than the 4 allowed","code":"size"}]`)
	a.fence()
	if _, err := s.Publish(t.Context(), hub.Message{Event: "server:created:job", Args: []json.RawMessage{[]byte("1")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(t.Context(), hub.Message{Event: "news", Rooms: []string{"x"}, Except: []string{"y"}}); err != nil {
		t.Fatal(err)
	}
	b.send("41/chat,")
	want := []string{
		`{"id":"A","kind":"connect","namespace":"/"}`,
		`{"args":[],"emit":"online","event":"connect","id":"A","kind":"event","namespace":"/","to":["others"]}`,
		`{"args":[],"event":"fence","id":"A","kind":"event","namespace":"/"}`,
		`{"id":"B","kind":"connect","namespace":"/chat"}`,
		`{"args":[],"emit":"online","event":"connect","id":"B","kind":"event","namespace":"/chat","to":["others"]}`,
		`{"args":[],"event":"fence","id":"B","kind":"event","namespace":"/chat"}`,
		`{"args":[{"a<b":"é"},2],"emit":"said","event":"chat:7","id":"A","kind":"event","namespace":"/","to":["others","room:r-7"]}`,
		`{"code":"unmatched","id":"A","kind":"refused","namespace":"/","event":"nobody:knows","args":[],"reason":"no rule relays it"}`,
		`{"args":["too large"],"code":"size","event":"small","id":"A","kind":"refused","namespace":"/","reason":"11 bytes are more than the 4 allowed"}`,
		`{"args":[{"_placeholder":true,"num":0}],"emit":"said","event":"chat:8","id":"A","kind":"event","namespace":"/","to":["others","room:r-8"]}`,
		`{"code":"from","args":[1],"event":"client:created:job","id":"A","kind":"refused","namespace":"/","reason":"only the server may raise this event"}`,
		`{"args":[],"event":"fence","id":"A","kind":"event","namespace":"/"}`,
		`{"args":[1],"delivered":1,"emit":"server:created:job","event":"server:created:job","kind":"publish","namespace":"/","to":["all"]}`,
		`{"args":[],"delivered":0,"emit":"news","event":"news","except":["y"],"kind":"publish","namespace":"/","to":["room:x"]}`,
		`{"id":"B","kind":"disconnect","namespace":"/chat","reason":"client namespace disconnect"}`,
	}
	names := map[string]string{a.id: "A", b.id: "B"}
	for _, w := range want {
		if diff := cmp.Diff(sorted(t, w), sorted(t, e.next(names))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// sorted writes a JSON object with its keys in order.
func sorted(t *testing.T, text string) string {
	t.Helper()
	var l map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestAListenerChooses(t *testing.T) {
	s := start(t, append(relay.Development(), fenceRule()), hub.Options{Namespaces: []string{"/chat"}})
	tests := map[string][]string{ // query → events it hears
		"pattern=client:*:job":      {"client:a:job"},
		"pattern=server:**":         {"client:a:job", "client:b", "server:c"},
		"pattern=connect":           {""},
		"kind=publish":              {"server:c"},
		"kind=publish,refused":      {"odd", "server:c"},
		"namespace=/chat":           {"", "client:b"},
		"namespace=/&kind=event":    {"client:a:job"},
		"pattern=odd&namespace=/no": {},
	}
	ears := map[string]*ear{}
	for query := range tests {
		ears[query] = s.listen(query)
	}
	a, b := s.dial("4"), s.dial("4")
	b.connect("/chat")
	b.send(`42/chat,["client:b"]`)
	b.expect(`42/chat,["server:b"]`)
	a.connect("/")
	a.send(`42["client:a:job"]`)
	a.send(`42["odd"]`)
	a.expect(`42["server:a:job"]`)
	a.send(`4299["odd"]`) // a second one, behind which everything before has been told
	a.send(`42["client:end"]`)
	a.expect(`42["server:end"]`)
	if _, err := s.Publish(t.Context(), hub.Message{Event: "server:c"}); err != nil {
		t.Fatal(err)
	}
	s.stop()
	for query, want := range tests {
		heard := map[string]bool{}
		for ears[query].lines.Scan() {
			var l struct{ Event, Kind string }
			if err := json.Unmarshal(ears[query].lines.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			if l.Event != "client:end" && l.Kind != "disconnect" {
				heard[l.Event] = true
			}
		}
		wanted := map[string]bool{}
		for _, event := range want {
			wanted[event] = true
		}
		if diff := cmp.Diff(wanted, heard); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestLargeArgumentsAreLeftOutOfALine(t *testing.T) {
	s := start(t, []relay.Rule{fenceRule(), {On: "big", To: []string{"none"}}}, hub.Options{})
	e := s.listen("kind=event")
	a := s.join("/")
	a.send(`42["big","` + strings.Repeat("x", 40_000) + `"]`)
	want := `{"event":"big","id":"A","kind":"event","namespace":"/","size":40004}`
	if diff := cmp.Diff(want, e.next(map[string]string{a.id: "A"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// stuck is a listener whose connection takes nothing until it is let go.
type stuck struct {
	*httptest.ResponseRecorder
	writing chan struct{} // closed by the first write
	let     chan struct{}
	once    bool
}

func (w *stuck) Write(b []byte) (int, error) {
	if !w.once {
		w.once = true
		close(w.writing)
		<-w.let
	}
	return w.ResponseRecorder.Write(b)
}

func TestASlowListenerMissesLinesAndHoldsNobodyUp(t *testing.T) {
	s := start(t, []relay.Rule{fenceRule(), {On: "x", To: []string{"none"}}}, hub.Options{})
	w := &stuck{ResponseRecorder: httptest.NewRecorder(), writing: make(chan struct{}), let: make(chan struct{})}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?kind=event&pattern=x", nil)
	r.Header.Set("Authorization", "Bearer "+listenToken)
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.ListenHandler(listenToken).ServeHTTP(w, r)
	}()
	a := s.join("/")
	const events = 1_000
	for stop := false; !stop; { // until it listens
		a.send(`42["x"]`)
		a.fence()
		select {
		case <-w.writing:
			stop = true
		default:
		}
	}
	for range events {
		a.send(`42["x"]`)
	}
	a.fence() // the client is served, whatever the listener does
	close(w.let)
	s.stop()
	<-served
	told, dropped := 0, 0
	for text := range strings.Lines(w.Body.String()) {
		var l struct {
			Kind  string
			Count int
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if l.Kind == "dropped" {
			dropped += l.Count
			continue
		}
		told++
	}
	if told+dropped < events || dropped == 0 || told > events {
		t.Errorf("%d told and %d dropped of %d", told, dropped, events)
	}
}

func TestListeningEndsWithRunAndWithTheListener(t *testing.T) {
	s := start(t, []relay.Rule{fenceRule()}, hub.Options{})
	gone, stays := s.listen(""), s.listen("")
	gone.close()
	a := s.join("/")
	a.fence()
	s.stop()
	var kinds []string
	for stays.lines.Scan() {
		var l struct{ Kind string }
		if err := json.Unmarshal(stays.lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, l.Kind)
	}
	if err := stays.lines.Err(); err != nil {
		t.Errorf("the answer ended with %v", err)
	}
	if diff := cmp.Diff([]string{"connect", "event", "disconnect"}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListeningIsForThoseWithTheToken(t *testing.T) {
	s := start(t, nil, hub.Options{})
	tests := []struct {
		name, method, query, token, header string
		status                             int
		body                               string
	}{
		{"POST", http.MethodPost, "", listenToken, "Bearer " + listenToken, 405, "use GET"},
		{"no token", http.MethodGet, "", listenToken, "", 401, "the header Authorization: Bearer TOKEN is missing or wrong"},
		{"wrong token", http.MethodGet, "", listenToken, "Bearer x", 401, "the header Authorization: Bearer TOKEN is missing or wrong"},
		{"token in the query", http.MethodGet, "token=" + listenToken, listenToken, "", 401, "the header Authorization: Bearer TOKEN is missing or wrong"},
		{"there is no token", http.MethodGet, "", "", "Bearer ", 401, "the header Authorization: Bearer TOKEN is missing or wrong"},
		{"bad pattern", http.MethodGet, "pattern=a*", listenToken, "Bearer " + listenToken, 400, `pattern "a*": in "a*" the '*' does not stand for a whole segment between ':'`},
		{"bad kind", http.MethodGet, "kind=events", listenToken, "Bearer " + listenToken, 400, `unknown kind "events"; known: connect, disconnect, event, publish, refused`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "/?"+tt.query, nil)
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			s.ListenHandler(tt.token).ServeHTTP(w, r)
			if got := strings.TrimSpace(w.Body.String()); w.Code != tt.status || got != tt.body {
				t.Errorf("got %d %s, want %d %s", w.Code, got, tt.status, tt.body)
			}
		})
	}
}

func TestThereIsRoomForAFewListeners(t *testing.T) {
	s := start(t, nil, hub.Options{})
	for range 32 {
		s.listen("")
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+listenToken)
	s.ListenHandler(listenToken).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if got, want := strings.TrimSpace(w.Body.String()), fmt.Sprintf("%d are listening already", 32); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

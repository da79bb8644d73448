package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What an events block says, a line each:
//
//	ana joins                   connects; with a namespace and claims: ana joins /chat as {"sub":"ana"}
//	ana → EVENT JSON…           sends, and the hub has dealt with it
//	ana ← EVENT JSON…           hears next; "…" is any value
//	ana ← ack JSON…             gets as the answer to what she sent last
//	ana ✗ REASON                what she sent last, or her joining, is refused
//	ana leaves                  disconnects
//	back-end → EVENT JSON…      realtimectl emit; with "to room:NAME" before the event's name
//
// <ana> stands for her socket.id. Who is named without having joined has joined before. At the end nobody has heard
// anything else.
var eventsLine = regexp.MustCompile(`^(\S+) (joins|leaves|→|←|✗)(?: to room:(\S+))?(?: (.*))?$`)

// scene is an events block on its way: a hub with the rules, official clients, and
// somebody who listens.
type scene struct {
	*testing.T
	board   board
	hub     *serving
	heard   *output
	clients map[string]*actor
}

// actor is one client.
type actor struct {
	*visitor
	namespace string
	sent      int  // events whose fate is known
	gone      bool // has left
}

// events plays a block.
func (s *session) events(text string) {
	s.t.Helper()
	good := s.t.Run("events", func(t *testing.T) {
		p := newScene(t, board{binary: s.binary, dir: s.project(t, s.yaml)})
		lines := strings.Split(strings.TrimSpace(text), "\n")
		p.enterUnannounced(lines)
		for i, line := range lines {
			p.play(line, lines[i+1:])
		}
		p.silence()
	})
	if !good {
		s.t.FailNow()
	}
}

func newScene(t *testing.T, b board) *scene {
	t.Helper()
	p := &scene{T: t, board: b, hub: b.serve(t, ephemeral...), heard: newOutput(), clients: map[string]*actor{}}
	listen := exec.Command(b.binary, "listen", "-C", b.dir, "--json")
	listen.Stdout, listen.Stderr = p.heard, p.heard
	if err := listen.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listen.Process.Signal(os.Interrupt)
		if err := listen.Wait(); err != nil {
			t.Errorf("listen: %v\n%s", err, p.heard)
		}
	})
	p.hub.out.await(t, `"event":"hub.listening"`)
	return p
}

// enterUnannounced connects those whose joining is not told.
func (p *scene) enterUnannounced(lines []string) {
	p.Helper()
	announced := map[string]bool{"back-end": true}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		if !announced[name] && !strings.HasPrefix(rest, "joins") {
			p.visit(name, "")
		}
		announced[name] = true
	}
	for _, a := range p.clients {
		a.connected(false)
	}
}

// play does what a line says. The lines behind it tell whether an answer is asked for.
func (p *scene) play(line string, later []string) {
	p.Helper()
	m := eventsLine.FindStringSubmatch(line)
	if m == nil {
		p.Fatalf("%q says nothing that can be played", line)
	}
	name, what, room, rest := m[1], m[2], m[3], p.withIDs(m[4])
	switch {
	case what == "joins":
		p.join(name, rest, next(name, later, "✗"))
	case name == "back-end":
		p.publish(room, rest)
	case what == "leaves":
		p.clients[name].does("leave")
		p.clients[name].expect("disconnect", "io client disconnect")
		p.clients[name].gone = true
	case what == "→":
		p.send(name, rest, next(name, later, "← ack"))
	case what == "←":
		p.hears(name, rest)
	default:
		p.refused(name, rest)
	}
}

// withIDs puts socket ids in the place of names: <ana>.
func (p *scene) withIDs(text string) string {
	for name, a := range p.clients {
		text = strings.ReplaceAll(text, "<"+name+">", a.id)
	}
	return text
}

// next reports whether what happens to somebody next, before doing something else, begins so.
func next(name string, later []string, what string) bool {
	for _, line := range later {
		switch {
		case strings.HasPrefix(line, name+" "+what):
			return true
		case strings.HasPrefix(line, name+" →"), strings.HasPrefix(line, name+" leaves"):
			return false
		}
	}
	return false
}

// join connects a client and waits for it.
func (p *scene) join(name, rest string, refused bool) {
	p.Helper()
	p.visit(name, rest)
	if !refused {
		p.clients[name].connected(false)
	}
}

// visit starts a client: "/chat as {claims}", either may be left out.
func (p *scene) visit(name, rest string) {
	p.Helper()
	where, claims, isSomebody := strings.Cut(" "+rest, " as ")
	options := map[string]any{}
	if isSomebody {
		options["auth"] = map[string]any{"token": p.token(claims)}
	}
	where = strings.TrimSpace(where)
	v := visit(p.T, p.hub.App+where, options)
	p.clients[name] = &actor{visitor: v, namespace: "/" + strings.TrimPrefix(where, "/")}
}

// token signs claims with the secret that the configuration names.
func (p *scene) token(claims string) string {
	p.Helper()
	var c map[string]any
	if err := json.Unmarshal([]byte(claims), &c); err != nil {
		p.Fatalf("claims %s: %v", claims, err)
	}
	c["exp"] = time.Now().Add(time.Hour).Unix()
	return hs256(p.T, strings.TrimSpace(p.board.read(p.T, "secret.txt")), c)
}

// send lets a client emit and waits until the hub has dealt with it.
func (p *scene) send(name, rest string, ask bool) {
	p.Helper()
	a := p.clients[name]
	order := []any{"emit"}
	if ask {
		order = []any{"ask"}
	}
	a.does(append(order, eventOf(p.T, rest)...)...)
	a.sent++
	p.heard.until(p.T, name+" → "+rest, func(text string) bool {
		return len(p.fates(a, text)) == a.sent
	})
}

// fate is what the hub says about an event.
type fate struct{ Kind, ID, Namespace, Event, Reason string }

// fates are those of a client's events so far. Rules on connect and disconnect are not
// events of its own.
func (p *scene) fates(a *actor, text string) (list []fate) {
	for line := range strings.Lines(text) {
		var f fate
		if json.Unmarshal([]byte(line), &f) != nil || f.ID != a.id || f.Event == "connect" || f.Event == "disconnect" {
			continue
		}
		if f.Kind == "event" || f.Kind == "refused" {
			list = append(list, f)
		}
	}
	return list
}

// refused expects that the client's last event was, or that it was not let in.
func (p *scene) refused(name, reason string) {
	p.Helper()
	a := p.clients[name]
	if a.id == "" {
		a.expect("refused", reason)
		delete(p.clients, name)
		return
	}
	list := p.fates(a, p.heard.String())
	if last := list[len(list)-1]; last.Kind != "refused" || last.Reason != reason {
		p.Fatalf("%s: the hub says %+v, want it refused: %s", name, last, reason)
	}
}

// publish emits as the back-end.
func (p *scene) publish(room, rest string) {
	p.Helper()
	args := []string{"emit", "-C", p.board.dir}
	if room != "" {
		args = append(args, "--room", room)
	}
	for i, arg := range eventOf(p.T, rest) {
		if i == 0 {
			args = append(args, arg.(string))
			continue
		}
		text, err := json.Marshal(arg)
		if err != nil {
			p.Fatal(err)
		}
		args = append(args, string(text))
	}
	p.board.run(p.T, args...)
}

// hears compares what a client is told next with a line.
func (p *scene) hears(name, rest string) {
	p.Helper()
	want := eventOf(p.T, rest)
	got := p.clients[name].next()
	if want[0] == "ack" {
		want[0] = "answer"
	} else {
		want = append([]any{"heard"}, want...)
	}
	if diff := cmp.Diff(want, got, anyText()); diff != "" {
		p.Fatalf("%s ← %s (-want +got):\n%s", name, rest, diff)
	}
}

// anyText lets "…" equal everything.
func anyText() cmp.Option {
	return cmp.FilterValues(func(x, y any) bool { return x == "…" || y == "…" }, cmp.Ignore())
}

// silence checks that nobody has anything else to tell.
func (p *scene) silence() {
	p.Helper()
	spaces := map[string]bool{}
	for _, a := range p.clients {
		spaces[a.namespace] = true
	}
	for space := range spaces {
		p.board.run(p.T, "emit", "-C", p.board.dir, "--namespace", space, "that:was:all")
	}
	for name, a := range p.clients {
		if a.gone {
			continue
		}
		if told := a.next(); told[0] != "heard" || told[1] != "that:was:all" {
			p.Errorf("%s: %v happens too", name, told)
		}
	}
}

// eventOf reads a name and JSON values, separated by spaces.
func eventOf(t *testing.T, text string) []any {
	t.Helper()
	name, rest, _ := strings.Cut(text, " ")
	event := []any{name}
	for dec := json.NewDecoder(strings.NewReader(rest)); ; {
		var arg any
		err := dec.Decode(&arg)
		if errors.Is(err, io.EOF) {
			return event
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		event = append(event, arg)
	}
}

// project is a folder with what the reader has so far, another configuration, and the
// files that a configuration in the pages may name.
func (s *session) project(t *testing.T, yaml string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"src/index.html": "<p>", "users.txt": "ana:segredo", "secret.txt": strings.Repeat("0123456789abcdef", 4),
		"data/job.schema.json": "{}", "conf/app.json": "{}", "site.pem": "", "site.key": "", "../docs/a.md": "", "../api/artisan": "", "../admin/manage.py": "",
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			continue
		}
		write(t, path, text)
	}
	write(t, filepath.Join(dir, "realtimectl.yaml"), s.ports.real(yaml))
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

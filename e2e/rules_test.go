package e2e

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ephemeral are flags that take any free port.
var ephemeral = []string{"--proxy-port", "0", "--app-port", "0"}

func TestServeKeepsItsPromisesToOfficialClients(t *testing.T) {
	needSetup(t, "node")
	b := newBoard(t)
	for name, test := range map[string]func(*testing.T, board){
		"rules change under connected clients":          rulesChange,
		"tokens decide who connects":                    tokensDecide,
		"the back-end decides who connects":             backEndDecides,
		"recovery survives a restart, over websocket":   recoverOver("websocket"),
		"recovery survives a restart, over polling":     recoverOver("polling"),
		"emit reaches clients, and listen shows events": emitAndListen,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, b.another(t))
		})
	}
}

func rulesChange(t *testing.T, b board) {
	s := b.serve(t, ephemeral...)
	a, z := arrive(t, s.App, nil), arrive(t, s.App, nil)
	a.does("emit", "client:created:job", map[string]any{"id": 1})
	a.hears("server:created:job", map[string]any{"id": 1.0})
	z.hears("server:created:job", map[string]any{"id": 1.0})

	b.save(t, "realtimectl.yaml", `hub:
  relays:
    - { on: "client:created:job", emit: "server:news:job", to: others }
    - { on: "client:fence", emit: "server:fence" }
`)
	s.out.await(t, `"event":"config.applied","rules":2`)
	a.does("emit", "client:created:job", "é€😀")
	z.hears("server:news:job", "é€😀")

	// A file with a mistake leaves the rules as they were, and is said to.
	b.save(t, "realtimectl.yaml", "hub:\n  relays:\n    - { on: \"client:created:job\", emit: x, to: nowhere }\n")
	if line := s.out.await(t, `"event":"config.broken"`); !strings.Contains(line, "the old one stays in force") {
		t.Errorf("the log says %s", line)
	}
	a.does("emit", "client:created:job", 2)
	z.hears("server:news:job", 2.0)

	// Nobody was disconnected, and nothing else was heard, in all that time.
	a.does("emit", "client:fence")
	a.hears("server:fence")
	z.hears("server:fence")
}

// whoami tells a client, and a room of its user, who the hub takes it for.
const whoami = `hub:
  relays:
    - { on: whoami, emit: you, to: self, args: ["$user"], auth: required }
    - { on: knock, emit: knocked, to: "room:staff" }
  auth: `

func tokensDecide(t *testing.T, b board) {
	secret := strings.Repeat("0123456789abcdef", 4)
	b.save(t, "secret", secret)
	b.save(t, "realtimectl.yaml", whoami+"{ required: true, secret-file: secret, rooms-claim: rooms }\n")
	s := b.serve(t, ephemeral...)

	token := func(key string, claims map[string]any) map[string]any {
		return map[string]any{"auth": map[string]any{"token": hs256(t, key, claims)}}
	}
	ana := map[string]any{"sub": "ana", "rooms": []string{"staff"}, "exp": time.Now().Add(time.Hour).Unix()}
	v := arrive(t, s.App, token(secret, ana))
	v.does("emit", "whoami")
	if told := v.next(); len(told) != 3 || told[1] != "you" || told[2].(map[string]any)["sub"] != "ana" {
		t.Errorf("the hub takes ana for %v", told)
	}
	v.does("emit", "knock", 1)
	v.hears("knocked", 1.0)

	for name, options := range map[string]map[string]any{
		"no token":        nil,
		"another's key":   token(strings.Repeat("fedcba9876543210", 4), ana),
		"an expired one":  token(secret, map[string]any{"sub": "ana", "exp": time.Now().Add(-time.Hour).Unix()}),
		"not even a text": {"auth": map[string]any{"token": 1}},
	} {
		if told := visit(t, s.App, options).next(); told[0] != "refused" {
			t.Errorf("%s: told %v, want to be refused", name, told)
		}
	}
}

// hs256 signs a token as any library would.
func hs256(t *testing.T, key string, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

func backEndDecides(t *testing.T, b board) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Auth      struct{ Name string }
			Namespace string
			Headers   map[string]string
		}
		err := json.NewDecoder(r.Body).Decode(&asked)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case err != nil || asked.Namespace != "/":
			w.WriteHeader(http.StatusInternalServerError)
		case asked.Auth.Name == "ana" && asked.Headers["cookie"] == "session=1":
			_, _ = w.Write([]byte(`{"allow":true,"user":{"name":"ana"},"rooms":["staff"]}`))
		default:
			_, _ = w.Write([]byte(`{"allow":false,"message":"não, ` + asked.Auth.Name + `"}`))
		}
	}))
	t.Cleanup(api.Close)
	b.save(t, "realtimectl.yaml", whoami+"{ url: \""+api.URL+"/auth\" }\n")
	s := b.serve(t, ephemeral...)

	cookie := map[string]any{"cookie": "session=1"}
	ana := arrive(t, s.App, map[string]any{"auth": map[string]any{"name": "ana"}, "extraHeaders": cookie})
	ana.does("emit", "whoami")
	ana.hears("you", map[string]any{"name": "ana"})
	ana.does("emit", "knock", "once")
	ana.hears("knocked", "once")
	eve := visit(t, s.App, map[string]any{"auth": map[string]any{"name": "eve"}, "extraHeaders": cookie})
	eve.expect("refused", "não, eve")
}

// recoverOver checks that what a client has missed when the server was stopped is given
// to it by the next one.
func recoverOver(transport string) func(*testing.T, board) {
	return func(t *testing.T, b board) {
		b.save(t, "realtimectl.yaml", "hub:\n  recovery: { store: data/recovery.json }\n  relays:\n"+
			"    - { on: enter, join: \"*\", emit: entered, to: self, args: [] }\n")
		first := b.serve(t, ephemeral...)
		v := arrive(t, first.App, map[string]any{"transports": []string{transport}})
		v.does("emit", "enter", "lobby")
		v.next() // "entered", with its place in the history
		v.does("drop")
		v.expect("disconnect", "forced close")
		first.out.await(t, `"event":"hub.disconnected"`)
		b.run(t, "emit", "-C", b.dir, "server:missed", `"é€😀"`, "--room", "lobby")
		first.stop(t)

		b.serve(t, "--strict-port", "--proxy-port", port(first.Proxy), "--app-port", port(first.App))
		v.does("connect")
		told, heard := v.next(), v.next()
		if told[0] == "heard" { // what was missed comes in the same packet as the connection
			told, heard = heard, told
		}
		if diff := cmp.Diff([]any{"connect", v.id, true}, told); diff != "" {
			t.Fatalf("the connection (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]any{"heard", "server:missed", "é€😀"}, heard[:3]); diff != "" {
			t.Errorf("what was missed (-want +got):\n%s", diff)
		}
	}
}

func emitAndListen(t *testing.T, b board) {
	s := b.serve(t, ephemeral...)
	v := arrive(t, s.App, nil)
	listen := exec.CommandContext(t.Context(), b.binary, "listen", "-C", b.dir, "--json", "--count", "2", "--kind", "event,publish")
	out, err := listen.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := listen.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	s.out.await(t, `"event":"hub.listening"`)

	if out := b.run(t, "emit", "-C", b.dir, "server:created:job", `{"id":7}`); !strings.Contains(out, "1") {
		t.Errorf("emit says %q, want that one client has it", out)
	}
	v.hears("server:created:job", map[string]any{"id": 7.0})
	v.does("emit", "client:created:job", "é€😀")
	v.hears("server:created:job", "é€😀")
	for _, want := range []string{`{"id":7}`, `"é€😀"`} {
		if !lines.Scan() || !strings.Contains(lines.Text(), want) {
			t.Errorf("listen printed %q (%v), want %s in it", lines.Text(), lines.Err(), want)
		}
	}
	if err := listen.Wait(); err != nil {
		t.Errorf("listen: %v", err)
	}
}

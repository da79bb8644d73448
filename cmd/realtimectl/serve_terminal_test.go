//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
)

// board is a project with one back-end of each kind.
func board() map[string]string {
	return map[string]string{
		"realtimectl.yaml": `serve: { app: 0, proxy: 0 }
hub: { relays: [ { on: "client:**", emit: "server:$1" } ] }
backends:
  api: { run: "printf '\\033[32mup\\033[0m\\n'; while read line; do echo \"heard $line\"; done", path: /api, health: "log:up" }
  queue: { run: "cat", depends: [ api ] }
  admin: { url: "http://127.0.0.1:1", host: admin.localhost }
  jobs: { store: data/db.json, path: /jobs }
`,
		"src/index.html": "<!doctype html><link rel=stylesheet href=main.css><body>",
		"src/main.css":   "body { color: red }",
		"data/db.json":   `{"jobs": []}`,
	}
}

// steady replaces what differs from run to run.
func steady(text string) string {
	for pattern, word := range map[string]string{
		`localhost:\d+`: "localhost:PORT", `\d+ ms|under 1 ms`: "N ms", `devel\S*  ready`: "VERSION  ready",
		`\d\d:\d\d:\d\d`: "HH:MM:SS", ` +(development)`: "  $1",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, word)
	}
	return text
}

func TestTheStartOfServeOnATerminal(t *testing.T) {
	wide := `
  realtimectl VERSION  ready in N ms  development · board

  App     http://localhost:PORT        live reload
  Direct  http://localhost:PORT        without live reload
  Hub     /socket.io/                   1 relay rule
  api     /api                          starting  printf '\033[32mup\033[0m\n'; while read line; do echo "heard $line";…
  queue   no requests                   waiting   cat
  admin   http://admin.localhost:PORT  starting  http://127.0.0.1:1
  jobs    /jobs                         built in  data/db.json

  watching 3 files · h help · q quit
`
	narrow := `
  realtimectl VERSION  ready in N ms  development · board

  App     http://localhost:PORT
          live reload
  Direct  http://localhost:PORT
          without live reload
  Hub     /socket.io/
          1 relay rule
  api     /api
          starting  printf '\033[32mup\033[0m\n'; while rea…
  queue   no requests
          waiting   cat
  admin   http://admin.localhost:PORT
          starting  http://127.0.0.1:1
  jobs    /jobs
          built in  data/db.json

  watching 3 files · h help · q quit
`
	tests := []struct {
		name    string
		columns int
		environ []string
		want    string
		colour  string // an escape sequence that only this one writes
	}{
		{"wide", 120, nil, wide, "\x1b[38;2;"},
		{"narrow", 60, nil, narrow, "\x1b[38;2;"},
		{"256 colours", 120, []string{"COLORTERM="}, wide, "\x1b[38;5;"},
		{"16 colours", 120, []string{"COLORTERM=", "TERM=xterm"}, wide, "\x1b[36m"},
		{"no colour", 120, []string{"NO_COLOR=1"}, wide, ""},
		{"dumb", 120, []string{"TERM=dumb"}, wide, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := onTerminal(t, tt.columns, project(t, board()), tt.environ, "serve")
			got := s.wait(`q quit\n`)
			got, _, _ = strings.Cut(got, "q quit\n")
			if diff := cmp.Diff(strings.ReplaceAll(tt.want, "  http", " http"), strings.ReplaceAll(steady(got+"q quit\n"), "  http", " http")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s.press("q")
			if code := s.end(); code != exitOK {
				t.Errorf("exit code %d", code)
			}
			all := s.everything()
			if !strings.Contains(all, tt.colour) || tt.colour == "" && strings.Contains(all, "\x1b") {
				t.Errorf("colours of another kind: %q", all)
			}
		})
	}
}

func TestKeysSteerServe(t *testing.T) {
	dir := project(t, board())
	browser, opened := fakeBrowser(t)
	s := onTerminal(t, 100, dir, []string{browser}, "serve")
	page := regexp.MustCompile(`App +(\S+)`).FindStringSubmatch(s.wait(`q quit\n`))[1]
	s.wait(`queue +healthy`)

	s.press("h")
	s.wait(`\n  q  quit\n`)
	s.press("\n\n") // Enter is tolerated
	s.press("u")
	s.wait(`queue +no requests +healthy`)
	s.press("o")
	if got := content(t, opened); got != page {
		t.Errorf("opened %s, want %s", got, page)
	}
	s.press("r")
	s.wait(`0 pages told\n`)
	s.press("g")
	s.wait(`ghost mode: on\n`)
	s.press("g")
	s.wait(`ghost mode: off\n`)
	s.press("p")
	s.wait(`pause: on\n`)
	if err := os.WriteFile(filepath.Join(dir, "src/main.css"), []byte("body { color: green }"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.press("p")
	s.wait(`pause: off\n`)
	s.press("b")
	s.wait(`built dist in `)
	s.press("l")
	s.wait(`everything\n`)
	s.press("l")
	s.wait(`what matters\n`)
	s.press("Q")
	s.wait(`serve with --host 0.0.0.0\n`)
	s.press("z")
	s.wait(`z is no key here; h shows them\n`)
	s.press("c")
	s.press("q")
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(s.everything(), "\x1b[H\x1b[2J") {
		t.Error("c did not clear the screen")
	}
}

func TestASavedFileIsOneLine(t *testing.T) {
	dir := project(t, board())
	s := onTerminal(t, 100, dir, nil, "serve")
	s.wait(`q quit\n`)
	if err := os.WriteFile(filepath.Join(dir, "src/main.css"), []byte("body { color: green }"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.wait(`^\d\d:\d\d:\d\d css   src/main.css  rebuilt  \d+ ms  no page is open\n`)
	s.press("q")
	s.end()
}

func TestWhatIsTypedGoesToABackEnd(t *testing.T) {
	s := onTerminal(t, 100, project(t, board()), nil, "serve")
	s.wait(`queue +healthy`)
	s.press("t")
	s.wait(`to api > `)
	s.press("quit\n") // letters are no keys now
	s.wait(`api   > quit\n(?s:.*)api   \| heard quit\n`)
	s.press("\t")
	s.wait(`to queue > `)
	s.press("ol\x7fl\u00e1\n")
	s.wait(`queue \| olá\n`)
	s.press("half a line\x1b")
	s.wait(`keys steer again`)
	s.press("q")
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestWhatTakesItsTimeIsNamedAndTerminalsFollowOurs(t *testing.T) {
	files, held := board(), filepath.Join(t.TempDir(), "go")
	files["realtimectl.yaml"] = `serve: { app: 0, proxy: 0 }
backends:
  slow: { run: "trap 'stty size' WINCH; until [ -e '` + held + `' ]; do sleep 0.02; done; stty size; echo up; while :; do sleep 0.05; done", health: "log:^up$" }
  last: { run: cat, depends: [ slow ] }
`
	s := onTerminal(t, 120, project(t, files), nil, "serve")
	s.wait(`[-|/\\] waiting for slow, last`)
	if err := os.WriteFile(held, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.wait(`slow \| 40 104`) // what the time, the name and a bar leave
	s.wait(`last +healthy`)
	if err := pty.Setsize(s.file, &pty.Winsize{Rows: 40, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	s.wait(`slow \| 40 84`)
	s.press("q")
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestRestartTakesTheConfigurationAsItIsNow(t *testing.T) {
	dir := project(t, board())
	file := filepath.Join(dir, "realtimectl.yaml")
	s := onTerminal(t, 100, dir, nil, "serve")
	page := regexp.MustCompile(`App +(\S+)`).FindStringSubmatch(s.wait(`q quit\n`))[1]

	text := board()["realtimectl.yaml"]
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("hubb: 1\n")
	s.wait(`the configuration has a mistake; the old one stays in force`)
	s.press("R")
	s.wait(`not restarted\n`)

	write(text + "  extra: { run: cat }\n")
	s.wait(`extra +added\n(?s:.*)extra +healthy`)
	write(text + "  extra: { run: cat }\npaths: { dist: out }\n")
	s.wait(`the change of paths.dist needs a restart\n(?s:.*)press R`)
	s.press("R")
	banner := s.wait(`q quit\n`)
	if !strings.Contains(banner, page+" ") || !regexp.MustCompile(`(?m)^  extra +no requests`).MatchString(banner) {
		t.Errorf("not at %s, or without the new back-end:\n%s", page, banner)
	}
	s.wait(`extra +healthy`)
	s.press("q")
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestASecondServeOffersTheFirst(t *testing.T) {
	files := board()
	files["realtimectl.yaml"] = "serve: { app: 0, proxy: 0 }\n"
	dir := project(t, files)
	first := onTerminal(t, 100, dir, nil, "serve")
	page := regexp.MustCompile(`App +(\S+)`).FindStringSubmatch(first.wait(`q quit\n`))[1]

	browser, opened := fakeBrowser(t)
	second := onTerminal(t, 100, dir, []string{browser}, "serve")
	second.wait(`this project is already served at ` + regexp.QuoteMeta(page) + ` \(pid \d+\)\n(?s:.*)o +open it`)
	second.press("o")
	if code := second.end(); code != exitOK {
		t.Errorf("o: exit code %d", code)
	}
	if got := content(t, opened); got != page {
		t.Errorf("opened %s, want %s", got, page)
	}

	third := onTerminal(t, 100, dir, nil, "serve")
	third.wait(`any other key`)
	third.press("x")
	third.wait(`realtimectl: error: this project is already served at`)
	if code := third.end(); code != exitPort {
		t.Errorf("another key: exit code %d", code)
	}

	fourth := onTerminal(t, 100, dir, nil, "serve")
	fourth.wait(`any other key`)
	fourth.press("s")
	fourth.wait(`q quit\n`)
	if code := first.end(); code != exitOK {
		t.Errorf("the one that was stopped: exit code %d", code)
	}
	fourth.press("q")
	if code := fourth.end(); code != exitOK {
		t.Errorf("s: exit code %d", code)
	}
}

// stubborn is a back-end that does not end when it is asked to, and forks.
func stubborn() map[string]string {
	files := board()
	files["realtimectl.yaml"] = `serve: { app: 0, proxy: 0 }
backends:
  api: { run: "trap '' TERM HUP INT; echo $$ >pid; (sleep 1000 & echo $! >child; wait) & echo up; while :; do sleep 1000; done", health: "log:up" }
`
	return files
}

func TestCtrlCOnceIsPoliteAndTwiceIsNot(t *testing.T) {
	dir := project(t, stubborn())
	s := onTerminal(t, 100, dir, nil, "serve")
	s.wait(`api +healthy`)
	shell, child := content(t, filepath.Join(dir, "pid")), content(t, filepath.Join(dir, "child"))
	s.press("\x03")
	s.wait(`stopping; Ctrl-C again ends it at once`)
	s.press("\x03")
	if code := s.end(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	gone(t, shell)
	gone(t, child)
}

func TestWhatDoesNotStopIsKilledAndNamed(t *testing.T) {
	dir := project(t, stubborn())
	s := onTerminal(t, 100, dir, nil, "serve")
	s.wait(`api +healthy`)
	s.press("q")
	s.wait(`api +warning: \S+ \(pid \d+\) did not end within 5s and was killed`)
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	gone(t, content(t, filepath.Join(dir, "child")))
}

func TestAKilledServeLeavesNothing(t *testing.T) {
	dir := project(t, stubborn())
	s := onTerminal(t, 100, dir, nil, "serve")
	page := regexp.MustCompile(`App +http://(\S+)`).FindStringSubmatch(s.wait(`api +healthy`))[1]
	shell, child := content(t, filepath.Join(dir, "pid")), content(t, filepath.Join(dir, "child"))
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.end()
	gone(t, shell)
	gone(t, child)

	// The next one takes the same ports, and says nothing of the first.
	next := onTerminal(t, 100, dir, nil, "serve", "--proxy-port", page[strings.LastIndex(page, ":")+1:])
	if text := next.wait(`api +healthy`); strings.Contains(text, "already") {
		t.Errorf("it says:\n%s", text)
	}
	next.press("\x03\x03\x03") // at once: one request, and echoes of it
	next.wait(`did not end within 5s and was killed`)
	if code := next.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

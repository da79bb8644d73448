package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
)

// program is a command that keeps running, in a terminal as the reader's.
type program struct {
	cmd      *exec.Cmd
	terminal io.ReadWriteCloser
	out      *output
	read     int           // how much of what it printed was compared already
	ended    chan struct{} // closed when all its output is there
}

// keepsRunning reports whether a command line is one that ends by Ctrl-C.
func keepsRunning(line string) bool {
	return regexp.MustCompile(`^realtimectl (serve|listen)\b`).MatchString(line)
}

// start starts a program that keeps running and waits until it says that it is there.
func (s *session) start(line string) {
	s.t.Helper()
	p := &program{cmd: s.command("exec " + s.ports.real(line)), out: newOutput(), ended: make(chan struct{})}
	kind := strings.Fields(line)[1]
	s.programs[kind].stop(s.t)
	s.programs[kind], s.runs = p, p
	terminal, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 50, Cols: 100})
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	p.terminal = terminal
	go func() {
		defer close(p.ended)
		_, _ = io.Copy(p.out, terminal) // ends with an error of the terminal when the program ends
	}()
	p.out.until(s.t, "ready in", func(text string) bool {
		return strings.Contains(text, "ready in") || strings.Contains(text, "listening")
	})
}

func (p *program) press(t *testing.T, key string) {
	t.Helper()
	if _, err := io.WriteString(p.terminal, key); err != nil {
		t.Fatal(err)
	}
}

// stop presses Ctrl-C and waits for the end, which must be a good one.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if p == nil || p.cmd.ProcessState != nil {
		return
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Errorf("interrupt: %v", err)
	}
	err := p.cmd.Wait()
	<-p.ended
	if err := errors.Join(err, p.terminal.Close()); err != nil {
		t.Errorf("it ended with %v:\n%s", err, p)
	}
}

func (p *program) String() string {
	if p == nil {
		return ""
	}
	return strings.ReplaceAll(p.out.String(), "\r", "")
}

// await waits until what the program printed, behind the last match, matches.
func (p *program) await(s *session, want *regexp.Regexp) {
	s.t.Helper()
	if p == nil {
		s.t.Fatal("no program runs that could print this")
	}
	p.out.until(s.t, want.String(), func(text string) bool {
		text = comparable(s.ports.shown(strings.ReplaceAll(text, "\r", "")))
		at := want.FindStringIndex(text[p.read:])
		if at == nil {
			return false
		}
		p.read += at[1]
		return true
	})
}

// script runs the lines of a block.
func (s *session) script(text string) {
	s.t.Helper()
	lines := strings.SplitAfter(text, "\n")
	for len(lines) > 0 {
		n := slices.IndexFunc(lines, keepsRunning)
		if n < 0 {
			n = len(lines)
		}
		s.shell(strings.Join(lines[:n], ""))
		if lines = lines[n:]; len(lines) > 0 {
			s.start(strings.TrimSpace(lines[0]))
			lines = lines[1:]
		}
	}
}

// shell runs a script that must succeed, and moves to where it ends.
func (s *session) shell(text string) {
	s.t.Helper()
	if out, err := s.run(text); err != nil {
		s.t.Fatalf("%s%v\n%s", text, err, out)
	}
}

// run runs a script and returns what it printed.
func (s *session) run(text string) (string, error) {
	where := filepath.Join(s.home, "pwd")
	cmd := s.command(s.ports.real(text) + "\npwd >'" + where + "'")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), err
	}
	dir, err := os.ReadFile(where)
	if err != nil {
		return string(out), err
	}
	s.dir = strings.TrimSpace(string(dir))
	return string(out), nil
}

// transcript runs the commands of a console block and compares what they print.
func (s *session) transcript(text string) {
	s.t.Helper()
	parts := strings.Split("\n"+text, "\n$ ")
	if shown := strings.TrimPrefix(parts[0], "\n"); shown != "" {
		s.runs.await(s, pattern(shown, false))
		return
	}
	for _, part := range parts[1:] {
		command, shown := cutCommand(part)
		if keepsRunning(command) {
			s.start(command)
			s.runs.await(s, pattern(shown, false))
			continue
		}
		out, _ := s.run(command) // what it prints tells whether it failed
		got := comparable(s.ports.shown(out))
		if want := pattern(shown, true); !want.MatchString(got) {
			s.t.Fatalf("$ %s\nprints\n%s\nwant\n%s", command, got, comparable(shown))
		}
	}
}

// cutCommand parts a command, which goes on behind a backslash, from what it prints.
func cutCommand(text string) (command, shown string) {
	rows := strings.Split(text, "\n")
	n := slices.IndexFunc(rows, func(row string) bool { return !strings.HasSuffix(row, `\`) })
	return strings.Join(rows[:n+1], "\n"), strings.Join(rows[n+1:], "\n")
}

// comparable replaces what differs from run to run.
func comparable(text string) string {
	for _, r := range []struct{ what, by string }{
		{`\b\d\d:\d\d:\d\d\b`, "TIME"},
		{`\b\d+(\.\d+)? ?(µs|ms|s|m)\b`, "DURATION"},
		{`\b\d{4}-\d\d-\d\dT[\d:.]+Z`, "DATE"},
		{`\b(\d{9}\.\d{10}|[0-9a-hjkmnp-tv-z]{17})\b`, "ID"},
		{`\b\d+(\.\d+)? k?B\b`, "SIZE"},
		{`\bpid \d+`, "PID"},
		{`\bPORT=\d+`, "PORT"},
		{`[ \t]+`, " "},
		{` ?\n`, "\n"},
	} {
		text = regexp.MustCompile(r.what).ReplaceAllString(text, r.by)
	}
	return strings.Trim(text, "\n")
}

// pattern matches what a page shows: the whole of an output, or some whole lines of it.
func pattern(shown string, whole bool) *regexp.Regexp {
	text := regexp.QuoteMeta(comparable(shown))
	text = regexp.MustCompile(`(?m)^ ?…(\n|$)`).ReplaceAllString(text, `(?:.*(?:\n|$$))*?`)
	text = strings.ReplaceAll(text, "…", ".*")
	if whole {
		return regexp.MustCompile(`^` + text + `$`)
	}
	return regexp.MustCompile(`(?m)^` + text + `$`)
}

// unpack writes a project that existed before, with the packages that Bower would have
// installed.
func (s *session) unpack(name string) {
	s.t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range archive.Files {
		write(s.t, filepath.Join(s.dir, filepath.FromSlash(f.Name)), s.ports.real(string(f.Data)))
	}
	for _, file := range []string{"angular/angular.js", "angular-socket-io/socket.js"} {
		text, err := os.ReadFile(filepath.Join("node_modules", filepath.FromSlash(file)))
		if err != nil {
			s.t.Fatal(err)
		}
		write(s.t, filepath.Join(s.dir, "bower_components", filepath.FromSlash(file)), string(text))
	}
}

// validate loads a configuration that stands alone.
func (s *session) validate(text string) {
	s.t.Helper()
	cfg, err := config.Load(config.Options{Dir: s.project(s.t, text)})
	if err != nil {
		s.t.Fatalf("%s\n%v", text, err)
	}
	if list := append(cfg.Warnings, stack.Check(cfg)...); len(list) > 0 {
		s.t.Fatalf("%s\n%v", text, list)
	}
}

// wellFormed parses what is not run.
func (s *session) wellFormed(b block) {
	s.t.Helper()
	switch b.kind {
	case "js":
		r := api.Transform(b.text, api.TransformOptions{Loader: api.LoaderJS})
		if len(r.Errors) > 0 {
			s.t.Fatalf("%s\n%v", b.text, r.Errors)
		}
	case "json":
		if !json.Valid([]byte(b.text)) {
			s.t.Fatalf("no JSON:\n%s", b.text)
		}
	case "php":
		cmd := exec.Command("php", "-l")
		cmd.Stdin = strings.NewReader(b.text)
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("%s\n%s", b.text, out)
		}
	}
}

// ports are what stands in for the ports that the pages name.
type ports struct{ proxy, app string }

func freePorts(t *testing.T) ports {
	t.Helper()
	var p [2]string
	for i := range p {
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		p[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports{p[0], p[1]}
}

// real puts the ports of this session into a text of the page.
func (p ports) real(text string) string {
	return strings.NewReplacer("localhost:3000", "localhost:"+p.proxy, "localhost:3010", "localhost:"+p.app).Replace(text)
}

// shown is the opposite, on whatever a program printed.
func (p ports) shown(text string) string {
	return strings.NewReplacer(p.proxy, "3000", p.app, "3010").Replace(text)
}

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/realtimectl/realtimectl/internal/backend"
)

// TestMain lets the test binary be the command that the scripts run, and the supervisor
// of its back-ends.
func TestMain(m *testing.M) {
	if code, ok := backend.Supervise(); ok {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"realtimectl": main})
}

// TestScripts runs testdata/script. Each script reads as the manual of one subject;
// beside the commands of testscript they use:
//
//	rc CODE COMMAND…       runs it; it must end with this exit code
//	ready FILE             waits for a ready file; sets PID, APP and PROXY to what it says
//	httpget URL [REGEXP]   the page must answer 200 and match; its body goes to the file body;
//	                       https is trusted by the authority in $CA alone
//	httpcode CODE URL      the page must answer with this code
//	waitline FILE REGEXP   waits until a line of the file matches
//	taken                  occupies two ports that follow each other: sets TAKEN, and FREE to the next
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TMPDIR", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"rc": rcCommand, "ready": readyCommand, "httpget": httpgetCommand, "httpcode": httpcodeCommand,
			"waitline": waitlineCommand, "taken": takenCommand,
		},
	})
}

// patience bounds every wait of a script: a test that fails should say so before the
// whole run is stopped.
const patience = 30 * time.Second

// until calls done until it is true.
func until(ts *testscript.TestScript, what string, done func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			ts.Fatalf("waited in vain for %s", what)
		}
	}
}

func rcCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: rc CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func readyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	path := ts.MkAbs(args[0])
	until(ts, args[0], func() bool { _, err := os.Stat(path); return err == nil })
	text, err := os.ReadFile(path)
	ts.Check(err)
	var r struct {
		PID        int
		App, Proxy string
	}
	ts.Check(json.Unmarshal(text, &r)) // written whole: it is never half of itself
	ts.Setenv("APP", r.App)
	ts.Setenv("PROXY", r.Proxy)
	ts.Setenv("PID", strconv.Itoa(r.PID))
}

// get fetches a page as a browser navigates to it.
func get(ts *testscript.TestScript, url string) (int, []byte) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	ts.Check(err)
	req.Header.Set("Accept", "text/html,*/*")
	resp, err := browserOf(ts).Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.StatusCode, body
}

// browserOf is a client that trusts the authority in the file $CA, if there is one.
func browserOf(ts *testscript.TestScript) *http.Client {
	file := ts.Getenv("CA")
	if file == "" {
		return http.DefaultClient
	}
	text, err := os.ReadFile(file)
	ts.Check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
}

func httpgetCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: httpget URL [REGEXP]")
	}
	code, body := get(ts, args[0])
	ts.Check(os.WriteFile(ts.MkAbs("body"), body, 0o644))
	if code != http.StatusOK {
		ts.Fatalf("%s answers %d:\n%s", args[0], code, body)
	}
	if len(args) == 2 && regexp.MustCompile(args[1]).Match(body) == neg {
		ts.Fatalf("%s: match of %q is %v in:\n%s", args[0], args[1], !neg, body)
	}
}

func httpcodeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: httpcode CODE URL")
	}
	if code, body := get(ts, args[1]); strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s answers %d, want %s:\n%s", args[1], code, args[0], body)
	}
}

func waitlineCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitline FILE REGEXP")
	}
	re := regexp.MustCompile("(?m)" + args[1])
	until(ts, args[1], func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && re.Match(text)
	})
}

// takenCommand finds a port whose follower is free too, and occupies the first.
func takenCommand(ts *testscript.TestScript, _ bool, _ []string) {
	for range 50 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		port := ln.Addr().(*net.TCPAddr).Port
		next, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)))
		if err != nil {
			ts.Check(ln.Close())
			continue
		}
		ts.Check(next.Close())
		ts.Defer(func() { _ = ln.Close() })
		ts.Setenv("TAKEN", strconv.Itoa(port))
		ts.Setenv("FREE", strconv.Itoa(port+1))
		return
	}
	ts.Fatalf("no two free ports in a row")
}

// output runs the program in this process and returns what it wrote.
func output(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs, started: time.Now()})
	return code, out.String(), errs.String()
}

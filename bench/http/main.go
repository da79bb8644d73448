// Command http measures a proxy and a file server beside others, see README.md.
//
//	http [-cases PATTERN] [-rounds N] [-seconds N] [-peers LIST]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	o := options{}
	flag.StringVar(&o.dir, "dir", "", "folder with bin/, for everything that is written")
	flag.StringVar(&o.cases, "cases", "*", "only the cases that match")
	flag.StringVar(&o.peers, "peers", "", "only these, separated by commas; the yardstick always")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each server is measured")
	flag.IntVar(&o.seconds, "seconds", 3, "for how long")
	flag.IntVar(&o.connections, "connections", 64, "kept-alive connections")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "http:", err)
		os.Exit(1)
	}
}

type options struct {
	dir, cases, peers            string
	rounds, seconds, connections int
}

// scenario is one kind of answer, asked for again and again.
type scenario struct {
	name, file, accept string
	proxied            bool
}

func scenarios() []scenario {
	return []scenario{
		{"proxy-json-1k", "1k.json", "*/*", true},
		{"proxy-json-100k", "100k.json", "*/*", true},
		{"proxy-html-1k", "1k.html", "text/html", true},
		{"proxy-html-100k", "100k.html", "text/html", true},
		{"files-1k", "1k.json", "*/*", false},
		{"files-100k", "100k.json", "*/*", false},
	}
}

func run(ctx context.Context, o options) error {
	if err := writeFiles(filepath.Join(o.dir, "project", "src")); err != nil {
		return err
	}
	for _, s := range scenarios() {
		if ok, err := path.Match(o.cases, s.name); err != nil || !ok {
			continue
		}
		if err := o.scenario(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// scenario starts all servers and lets them take turns, so that what else the machine does
// meets all of them alike.
func (o options) scenario(ctx context.Context, s scenario) (err error) {
	upstream, err := startUpstream(ctx, o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, upstream.stop()) }()
	list := slices.DeleteFunc(peers(), func(p peer) bool { return !p.serves(s) || !o.wanted(p) })
	var servers []*server
	defer func() {
		for _, srv := range servers {
			err = errors.Join(err, srv.stop())
		}
	}()
	for _, p := range list {
		srv, err := start(ctx, p, s, o.dir, upstream.url)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: left out: %v\n", p.name, err)
			continue
		}
		servers = append(servers, srv)
	}
	results := map[string][]sample{}
	for range o.rounds {
		for _, srv := range servers {
			one, err := o.measure(ctx, srv, s)
			if err != nil {
				return fmt.Errorf("%s: %w", srv.name, err)
			}
			results[srv.name] = append(results[srv.name], one)
		}
	}
	report(os.Stdout, s, servers, results)
	return nil
}

func (o options) wanted(p peer) bool {
	return o.peers == "" || p.name == yardstick || slices.Contains(strings.Split(o.peers, ","), p.name)
}

// writeFiles makes what is served: text without repetition in JSON and HTML.
func writeFiles(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for name, size := range map[string]int{"1k": 1 << 10, "100k": 100 << 10} {
		for kind, around := range map[string][2]string{
			"json": {`{"v":"`, `"}`},
			"html": {"<!doctype html><html><head><title>t</title></head><body>", "</body></html>"},
		} {
			text := around[0] + filling(size-len(around[0])-len(around[1])) + around[1]
			if err := os.WriteFile(filepath.Join(dir, name+"."+kind), []byte(text), 0o644); err != nil {
				return fmt.Errorf("files: %w", err)
			}
		}
	}
	return nil
}

func filling(n int) string {
	return strings.Repeat("lorem ipsum <b>dolor</b> sit amet ", n/34+1)[:n]
}

// command is a process that ends with the context at the latest.
func command(ctx context.Context, core string, name string, args ...string) *exec.Cmd {
	if path, err := exec.LookPath("taskset"); err == nil {
		name, args = path, append([]string{"-c", core, name}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

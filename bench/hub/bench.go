package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// noiseLimit is what other programs may use before a run is taken again, in percent
	// of one core.
	noiseLimit = 8
	// runLimit bounds one run of the generator.
	runLimit = 150 * time.Second
)

// bench runs scenarios one after the other, each with a fresh server.
type bench struct {
	dir             string
	srvCPU, loadCPU string // as taskset takes them
	port            int    // of the last server
}

// benchMain measures, and appends one Result a line to a file.
func benchMain(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	peers := flags.String("peers", "peers.json", "peers and scenarios; several files with commas")
	dir := flags.String("dir", ".", "where the peers were set up")
	out := flags.String("out", "results.jsonl", "results are appended here")
	runs := flags.Int("runs", 3, "quiet runs of each scenario")
	tries := flags.Int("tries", 0, "most runs of each scenario (runs+2)")
	scenarios := flags.String("scen", "", "scenarios, with commas (all)")
	srvCPU := flags.String("srv-cpu", "0", "CPU of the server")
	loadCPU := flags.String("load-cpu", "1", "CPU of the generator")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, err := loadConfig(*peers)
	if err != nil {
		return err
	}
	cfg, err := all.pick(flags.Args(), *scenarios)
	if err != nil {
		return err
	}
	if *tries == 0 {
		*tries = *runs + 2
	}
	f, err := os.OpenFile(*out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the results: %w", err)
	}
	b := &bench{dir: *dir, srvCPU: *srvCPU, loadCPU: *loadCPU, port: 21000 + os.Getpid()%3000}
	return errors.Join(raiseFileLimit(), b.all(cfg, *runs, *tries, f), f.Close())
}

// raiseFileLimit takes what the system allows: a client is a file on both sides.
func raiseFileLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the open-file limit: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the open-file limit: %w", err)
	}
	return nil
}

// all takes turns: what is compared should be measured close together.
func (b *bench) all(cfg Config, runs, tries int, out *os.File) error {
	quiet := map[[2]string]int{}
	for try := 1; try <= tries; try++ {
		for _, s := range cfg.Scenarios {
			for _, p := range cfg.Peers {
				key := [2]string{p.Name, s.Name}
				if quiet[key] >= runs || !p.can(s) {
					continue
				}
				res := b.one(p, s)
				res.Peer, res.Scenario, res.Run = p.Name, s.Name, try
				if err := json.NewEncoder(out).Encode(res); err != nil {
					return fmt.Errorf("write a result: %w", err)
				}
				note := "noisy"
				if isQuiet(res, s) {
					quiet[key]++
					note = "ok"
				}
				fmt.Printf("%-12s %-10s #%d %-5s noise %3.0f%%  %s\n", p.Name, s.Name, try, note, res.M["noise_pct"], res.brief())
			}
		}
	}
	return nil
}

func isQuiet(res Result, s Scenario) bool {
	limit := s.Noise
	if limit == 0 {
		limit = noiseLimit
	}
	return res.Err == "" && res.M["noise_pct"] <= limit
}

// brief is a Result on one line.
func (r Result) brief() string {
	if r.Err != "" {
		return "ERROR " + r.Err
	}
	var line strings.Builder
	for _, key := range []string{
		"deliveries_per_s", "acks_per_s", "srv_cpu_us", "p50_us", "p99_us", "conn_per_s", "conn_cpu_us",
		"rss_per_conn", "rss_growth_mb", "base_p99_us", "slow_closed", "slow_caught_up",
	} {
		if v, ok := r.M[key]; ok {
			fmt.Fprintf(&line, "%s=%.4g ", key, v)
		}
	}
	return line.String()
}

// one runs a scenario against a fresh server; what goes wrong stands in the Result.
func (b *bench) one(p Peer, s Scenario) Result {
	res, err := b.measure(p, s)
	res.Params = s.Params
	if err != nil {
		res.Err = err.Error()
	}
	return res
}

func (b *bench) measure(p Peer, s Scenario) (res Result, err error) {
	b.port++
	srv, err := startServer(b.dir, p, s, b.srvCPU, b.port)
	if err != nil {
		return res, err
	}
	defer srv.stop()
	if err := srv.waitListening(); err != nil {
		return res, err
	}
	self, err := os.Executable()
	if err != nil {
		return res, fmt.Errorf("find the generator: %w", err)
	}
	yard, err := yardstick(self, b.srvCPU)
	if err != nil {
		return res, err
	}
	params, err := json.Marshal(s.Params)
	if err != nil {
		return res, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	text, err := generate(self, b.loadCPU, srv.addr, p.Proto, string(params), srv.cmd.Process.Pid)
	if err != nil {
		return res, err
	}
	if err := json.Unmarshal(text, &res); err != nil {
		return res, fmt.Errorf("the generator said %.200q: %w", text, err)
	}
	if res.M != nil {
		res.M["yard_us"] = yard
	}
	return res, nil
}

// generate runs this program as the load on a CPU of its own.
func generate(self, cpu, addr, proto, params string, pid int) ([]byte, error) {
	gen := exec.Command("taskset", "-c", cpu, self, "load", "-addr", addr, "-proto", proto, "-params", params, "-pid", strconv.Itoa(pid))
	gen.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	timer := time.AfterFunc(runLimit, func() { _ = gen.Process.Kill() })
	defer timer.Stop()
	out, err := gen.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("the generator: %w: %.200s", err, exit.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("the generator: %w", err)
	}
	return out, nil
}

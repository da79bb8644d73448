package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// column is one measured value of a table.
type column struct {
	key, head string
	scale     float64
	digits    int
}

// columnsOf returns the columns of a kind of scenario; the first is the main one, and
// whether less of it is better.
func columnsOf(p Params) (columns []column, less bool) {
	rate := column{"deliveries_per_s", "deliveries/s", 1, 0}
	cost := column{"srv_cpu_us", "server CPU µs/delivery", 1, 2}
	p50, p99 := column{"p50_us", "p50 ms", 1e-3, 2}, column{"p99_us", "p99 ms", 1e-3, 2}
	switch {
	case p.Kind == "fanout" && p.Rate > 0:
		return []column{p99, p50, rate, cost}, true
	case p.Kind == "fanout", p.Kind == "rooms":
		return []column{rate, cost, p50, p99}, false
	case p.Kind == "echo":
		return []column{{"acks_per_s", "calls/s", 1, 0}, {"srv_cpu_us", "server CPU µs/call", 1, 1}, p50, p99}, false
	case p.Kind == "idle":
		return []column{{"rss_per_conn", "bytes/connection", 1, 0}, {"rss_mb", "RSS MB", 1, 0}, {"cpu_pct", "server CPU %", 1, 1}}, true
	case p.Kind == "ramp":
		return []column{{"conn_per_s", "connects/s", 1, 0}, {"conn_cpu_us", "server CPU µs/connect", 1, 0}}, false
	}
	return []column{
		p99,
		{"base_p99_us", "p99 before ms", 1e-3, 2},
		{"rss_growth_mb", "RSS growth MB", 1, 1},
		{"slow_closed", "slow closed", 1, 0},
		{"slow_caught_up", "caught up later", 1, 0},
	}, true
}

// table is the results by scenario and peer, both in the order of their first appearance.
type table struct {
	scenarios, peers []string
	params           map[string]Params
	runs             map[[2]string][]Result
}

func reportMain(args []string) error {
	flags := flag.NewFlagSet("report", flag.ExitOnError)
	base := flags.String("base", "node-sio", "the peer to give ratios to")
	noise := flags.Float64("noise", 12, "runs with more noise, in percent of one core, are left out where two others remain")
	if err := flags.Parse(args); err != nil {
		return err
	}
	t := table{params: map[string]Params{}, runs: map[[2]string][]Result{}}
	for _, path := range flags.Args() {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("open the results: %w", err)
		}
		err = t.read(f)
		_ = f.Close() // it was only read
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
	}
	t.write(os.Stdout, *base, *noise)
	return nil
}

// read adds the results of one file.
func (t *table) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var res Result
		if err := json.Unmarshal(lines.Bytes(), &res); err != nil {
			return fmt.Errorf("%.80q: %w", lines.Text(), err)
		}
		if _, known := t.params[res.Scenario]; !known {
			t.scenarios = append(t.scenarios, res.Scenario)
			t.params[res.Scenario] = res.Params
		}
		if !slices.Contains(t.peers, res.Peer) {
			t.peers = append(t.peers, res.Peer)
		}
		key := [2]string{res.Scenario, res.Peer}
		t.runs[key] = append(t.runs[key], res)
	}
	return lines.Err()
}

// write prints a Markdown table a scenario.
func (t *table) write(w io.Writer, base string, noise float64) {
	for _, scenario := range t.scenarios {
		columns, less := columnsOf(t.params[scenario])
		fmt.Fprintf(w, "\n### %s\n\n| peer | runs |", scenario)
		for _, c := range columns {
			fmt.Fprintf(w, " %s |", c.head)
		}
		fmt.Fprintf(w, " × %s |\n|%s\n", base, strings.Repeat("---|", 3+len(columns)))
		for _, peer := range t.peers {
			if runs := t.runs[[2]string{scenario, peer}]; len(runs) > 0 {
				t.row(w, scenario, peer, base, columns, less, noise)
			}
		}
	}
}

func (t *table) row(w io.Writer, scenario, peer, base string, columns []column, less bool, noise float64) {
	own, failed := quietRuns(t.runs[[2]string{scenario, peer}], noise)
	fmt.Fprintf(w, "| %s | %d", peer, len(own))
	if failed > 0 {
		fmt.Fprintf(w, " +%d failed", failed)
	}
	fmt.Fprint(w, " |")
	for _, c := range columns {
		if v, ok := median(own, c.key); ok {
			fmt.Fprintf(w, " %.*f |", c.digits, v*c.scale)
			continue
		}
		fmt.Fprint(w, " – |")
	}
	others, _ := quietRuns(t.runs[[2]string{scenario, base}], noise)
	mine, ok := median(own, columns[0].key)
	theirs, known := median(others, columns[0].key)
	switch {
	case !ok || !known || mine == 0 || theirs == 0:
		fmt.Fprintln(w, " – |")
	case less:
		fmt.Fprintf(w, " %.2f |\n", theirs/mine)
	default:
		fmt.Fprintf(w, " %.2f |\n", mine/theirs)
	}
}

// quietRuns leaves out failed runs, and noisy ones where two others remain.
func quietRuns(runs []Result, noise float64) (kept []Result, failed int) {
	var all []Result
	for _, r := range runs {
		switch {
		case r.Err != "":
			failed++
			continue
		case r.M["noise_pct"] <= noise:
			kept = append(kept, r)
		}
		all = append(all, r)
	}
	if len(kept) < 2 {
		return all, failed
	}
	return kept, failed
}

// median of a value over the runs that have it.
func median(runs []Result, key string) (float64, bool) {
	var values []float64
	for _, r := range runs {
		if v, ok := r.M[key]; ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2, true
	}
	return values[middle], true
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Peer is a server under test.
type Peer struct {
	Name string `json:"name"`
	// Proto is how to talk to it: sio, sio3 or tcp.
	Proto string `json:"proto"`
	// Cmd runs in the peers' folder with PORT in its environment; "{port}" in an
	// argument is replaced.
	Cmd []string          `json:"cmd"`
	Env map[string]string `json:"env,omitempty"`
	// Can lists the kinds of scenario it is able to run, and "poll".
	Can  []string `json:"can"`
	Note string   `json:"note,omitempty"`
}

// Scenario is one load with a name.
type Scenario struct {
	Name string            `json:"name"`
	Env  map[string]string `json:"env,omitempty"`
	// Noise is how much of one core other programs may use before a run is taken again,
	// in percent; 0 means 8.
	Noise float64 `json:"noise,omitempty"`
	Params
}

// Config is peers.json.
type Config struct {
	Peers     []Peer     `json:"peers"`
	Scenarios []Scenario `json:"scenarios"`
}

// loadConfig joins several files, given with commas between them.
func loadConfig(paths string) (Config, error) {
	var all Config
	for path := range strings.SplitSeq(paths, ",") {
		text, err := os.ReadFile(path)
		if err != nil {
			return all, fmt.Errorf("read the peers: %w", err)
		}
		var c Config
		if err := json.Unmarshal(text, &c); err != nil {
			return all, fmt.Errorf("%s: %w", path, err)
		}
		all.Peers = append(all.Peers, c.Peers...)
		all.Scenarios = append(all.Scenarios, c.Scenarios...)
	}
	return all, nil
}

// pick leaves the named peers, in the order of names, and the scenarios that match one of
// the patterns, given with commas between them. Nothing named means all.
func (c Config) pick(names []string, patterns string) (Config, error) {
	picked := c
	if len(names) > 0 {
		picked.Peers = nil
	}
	for _, name := range names {
		i := slices.IndexFunc(c.Peers, func(p Peer) bool { return p.Name == name })
		if i < 0 {
			return c, fmt.Errorf("no peer %q", name)
		}
		picked.Peers = append(picked.Peers, c.Peers[i])
	}
	if patterns == "" {
		return picked, nil
	}
	picked.Scenarios = nil
	for _, s := range c.Scenarios {
		if slices.ContainsFunc(strings.Split(patterns, ","), func(pattern string) bool {
			ok, err := filepath.Match(pattern, s.Name)
			return ok && err == nil
		}) {
			picked.Scenarios = append(picked.Scenarios, s)
		}
	}
	return picked, nil
}

// can reports whether a peer is able to run a scenario.
func (p Peer) can(s Scenario) bool {
	if (s.Poll || s.Upgrade) && !slices.Contains(p.Can, "poll") {
		return false
	}
	return slices.Contains(p.Can, s.Kind)
}

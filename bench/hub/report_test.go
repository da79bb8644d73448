package main

import (
	"bytes"
	"strings"
	"testing"
)

const results = `{"peer":"node-sio","scenario":"one","m":{"deliveries_per_s":100,"srv_cpu_us":10,"noise_pct":1},"params":{"kind":"fanout","n":1}}
{"peer":"node-sio","scenario":"one","m":{"deliveries_per_s":300,"srv_cpu_us":30,"noise_pct":1},"params":{"kind":"fanout","n":1}}
{"peer":"node-sio","scenario":"one","m":{"deliveries_per_s":9,"srv_cpu_us":9,"noise_pct":90},"params":{"kind":"fanout","n":1}}
{"peer":"ours","scenario":"one","m":{"deliveries_per_s":400,"srv_cpu_us":5,"noise_pct":50},"params":{"kind":"fanout","n":1}}
{"peer":"ours","scenario":"one","err":"lost 1","params":{"kind":"fanout","n":1}}
{"peer":"node-sio","scenario":"idle","m":{"rss_per_conn":16000},"params":{"kind":"idle","n":1}}
{"peer":"ours","scenario":"idle","m":{"rss_per_conn":8000},"params":{"kind":"idle","n":1}}
`

func TestReportGivesMediansOfQuietRunsAndRatios(t *testing.T) {
	tab := table{params: map[string]Params{}, runs: map[[2]string][]Result{}}
	if err := tab.read(strings.NewReader(results)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	tab.write(&out, "node-sio", 12)
	for _, row := range []string{
		"| node-sio | 2 | 200 | 20.00 | – | – | 1.00 |\n",
		"| ours | 1 +1 failed | 400 | 5.00 | – | – | 2.00 |\n",
		"| ours | 1 | 8000 | – | – | 2.00 |\n",
	} {
		if !strings.Contains(out.String(), row) {
			t.Errorf("no row %q in\n%s", row, out.String())
		}
	}
}

func TestConfigPicksPeersAndScenarios(t *testing.T) {
	cfg, err := loadConfig("peers.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := cfg.pick([]string{"tcp", "node-sio"}, "echo*,ramp")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range got.Peers {
		names = append(names, p.Name)
	}
	for _, s := range got.Scenarios {
		names = append(names, s.Name)
	}
	if want := "tcp node-sio echo100 echo1k ramp"; strings.Join(names, " ") != want {
		t.Errorf("got %v, want %s", names, want)
	}
	if _, err := cfg.pick([]string{"none"}, ""); err == nil {
		t.Error("an unknown peer was picked")
	}
}

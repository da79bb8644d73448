package main

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// These tests run the generator against the plain TCP server, so that a number it gives
// can be believed: it has to see every event, and to notice one that is missing.

// plainServer builds and starts the server in tcp.
func plainServer(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "tcp")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./tcp").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := startServer(dir, Peer{Name: "tcp", Cmd: []string{program}}, Scenario{}, "0", port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.stop)
	if err := srv.waitListening(); err != nil {
		t.Fatal(err)
	}
	return srv
}

// freePort finds one that was free a moment ago: the server takes no port 0.
func freePort() (int, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return ln.Addr().(*net.TCPAddr).Port, ln.Close()
}

func TestGeneratorSeesEveryEvent(t *testing.T) {
	srv := plainServer(t)
	for _, p := range []Params{
		{Kind: "fanout", N: 20, Size: 64, Window: 1, Dur: 0.1},
		{Kind: "fanout", N: 20, Size: 5000, Window: 16, Dur: 0.1},
		{Kind: "fanout", N: 20, Size: 64, Rate: 500, Dur: 0.1},
		{Kind: "echo", N: 20, Size: 64, Dur: 0.1},
		{Kind: "ramp", N: 50},
		{Kind: "rooms", N: 20, Rooms: 5, Size: 64, Window: 3, Dur: 0.1},
	} {
		t.Run(p.Kind, func(t *testing.T) {
			got, err := run(srv.addr, "tcp", p, srv.cmd.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			columns, _ := columnsOf(p)
			if v, ok := got[columns[0].key]; !ok || v <= 0 {
				t.Errorf("%s = %v, want a number: %v", columns[0].key, v, got)
			}
		})
	}
}

func TestGeneratorNoticesWhatIsWrong(t *testing.T) {
	newRun := func() (*load, *Conn) {
		d := &load{l: &Loop{proto: rawProto{}}, data: []byte("payload"), slots: make([]slot, ringSize), oldest: 1, active: 2}
		d.seq = 3
		for seq := uint32(1); seq <= 3; seq++ {
			d.slots[seq] = slot{seq: seq, left: 2}
		}
		return d, &Conn{next: 1}
	}
	event := func(d *load, seq uint32) []byte {
		return []byte(`42["server:created:job",` + string(d.obj(seq, 0, -1)) + `]`)
	}
	tests := map[string]struct {
		feed func(d *load, c *Conn)
		want string
	}{
		"nothing wrong": {func(d *load, c *Conn) { d.Event(c, event(d, 1)); d.Event(c, event(d, 2)) }, ""},
		"lost":          {func(d *load, c *Conn) { d.Event(c, event(d, 1)); d.Event(c, event(d, 3)) }, "lost 1, out of order 0, wrong 0"},
		"twice":         {func(d *load, c *Conn) { d.Event(c, event(d, 1)); d.Event(c, event(d, 1)) }, "lost 0, out of order 1, wrong 0"},
		"damaged":       {func(d *load, c *Conn) { d.Event(c, []byte(`42["server:created:job",{"seq":1,"data":"payloaX"}]`)) }, "lost 0, out of order 0, wrong 1"},
		"closed":        {func(d *load, c *Conn) { d.l.firstErr = errEOF; d.Closed(c, errEOF) }, "1 clients were closed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d, c := newRun()
			tt.feed(d, c)
			err := d.complaint()
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

package hub_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

// benchServer starts a hub for a benchmark, with recovery as it is by default.
func benchServer(b *testing.B, rules []relay.Rule) *server {
	b.Helper()
	return startFor(b, rules, hub.Options{})
}

// drain reads and discards what a client gets, and tells how many bytes it was.
func drain(b *testing.B, c net.Conn, bytes chan<- int) {
	b.Helper()
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			bytes <- n
		}
	}()
}

const job = `{"id":12,"title":"Carpenter","city":"São Paulo"}`

func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := benchServer(b, relay.Development())
			bytes := make(chan int, n)
			var first *client
			for range n {
				c := s.join("/")
				drain(b, c.conn.NetConn(), bytes)
				first = c
			}
			event := len(`42["server:created:job",`+job+`]`) + 2 // and the frame's head
			b.ReportAllocs()
			for b.Loop() {
				first.send(`42["client:created:job",` + job + `]`)
				for left := n * event; left > 0; left -= <-bytes {
				}
			}
		})
	}
}

func BenchmarkAck(b *testing.B) {
	s := benchServer(b, []relay.Rule{{On: "echo", To: []string{"none"}, Ack: "args"}})
	c := s.join("/")
	conn := c.conn.NetConn()
	answer := make([]byte, len(`431[`+job+`]`)+2)
	b.ReportAllocs()
	for b.Loop() {
		c.send(`421["echo",` + job + `]`)
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(conn, answer); err != nil {
			b.Fatal(err)
		}
	}
}

package engineio

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// burstSeconds is how many seconds' worth of handshakes an address may make at once: a
// page with many frames, or an office behind one address after a restart.
const burstSeconds = 4

// caps counts the sessions, in all and of each address.
type caps struct {
	max, perAddress int
	rate            float64

	mu        sync.Mutex // guards what follows
	total     int
	addresses map[netip.Addr]*visitor
	swept     time.Time
}

// visitor is what one remote address has under way.
type visitor struct {
	sessions int
	tokens   float64 // handshakes it may make now
	at       time.Time
}

func newCaps(o Options) *caps {
	return &caps{
		max: o.MaxSessions, perAddress: o.MaxPerAddress, rate: float64(o.HandshakeRate),
		addresses: map[netip.Addr]*visitor{},
	}
}

// enter counts a new session, or says why there is none.
func (c *caps) enter(addr netip.Addr) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= c.max {
		return busy("the hub holds as many connections as hub.limits.connections allows")
	}
	if !addr.IsLoopback() {
		v := c.visitor(addr, time.Now())
		switch {
		case v.sessions >= c.perAddress:
			return tooMany("this address holds as many connections as hub.limits.connections-per-address allows")
		case v.tokens < 1:
			return tooMany("this address connects more often than hub.limits.handshakes allows")
		}
		v.tokens--
		v.sessions++
	}
	c.total++
	return nil
}

// visitor returns an address's state with its tokens up to date; with c.mu held.
func (c *caps) visitor(addr netip.Addr, now time.Time) *visitor {
	c.sweep(now)
	v := c.addresses[addr]
	if v == nil {
		v = &visitor{tokens: c.rate * burstSeconds, at: now}
		c.addresses[addr] = v
	}
	v.tokens = min(v.tokens+now.Sub(v.at).Seconds()*c.rate, c.rate*burstSeconds)
	v.at = now
	return v
}

// sweep forgets, once a burst's time, the addresses that have nothing under way and all
// their tokens back; with c.mu held.
func (c *caps) sweep(now time.Time) {
	if now.Sub(c.swept) < burstSeconds*time.Second {
		return
	}
	c.swept = now
	for addr, v := range c.addresses {
		if v.sessions == 0 && now.Sub(v.at) >= burstSeconds*time.Second {
			delete(c.addresses, addr)
		}
	}
}

// leave uncounts a session.
func (c *caps) leave(addr netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if v := c.addresses[addr]; v != nil {
		v.sessions--
	}
}

// clientAddress returns where a request comes from. A reverse proxy on this machine says
// for whom it asks; nobody else is asked.
func clientAddress(r *http.Request) netip.Addr {
	addr := parseAddress(r.RemoteAddr)
	if forwarded := r.Header.Values("X-Forwarded-For"); addr.IsLoopback() && len(forwarded) > 0 {
		hops := strings.Split(forwarded[len(forwarded)-1], ",")
		if client := parseAddress(strings.TrimSpace(hops[len(hops)-1])); client.IsValid() {
			return client
		}
	}
	return addr
}

// sameClient reports whether a request of a session comes from where it began. The id of
// a revision 3 session is known to others, as the socket's, so it alone is no proof.
func (s *Session) sameClient(r *http.Request) bool {
	addr := clientAddress(r)
	return s.rev == 4 || addr == s.addr || addr.IsLoopback() && s.addr.IsLoopback()
}

// parseAddress returns the address of a "host:port". IPv6 is counted by /64, which is
// what one subscriber has. What cannot be read counts as one address.
func parseAddress(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() && !addr.IsLoopback() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}

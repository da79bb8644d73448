package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// portTries bounds the search for a free port above the one that was asked for.
const portTries = 20

// PortError says that an address is in use.
type PortError struct {
	Port int
	// Flag is the flag that chooses another port: "--proxy-port".
	Flag string
	// Owner names the program that holds the port, as well as the system tells:
	// "node (pid 4711)"; empty when unknown.
	Owner string
	Err   error
}

// Error names the port and its owner.
func (e *PortError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("port %d is already in use", e.Port)
	}
	return fmt.Sprintf("port %d is already in use by %s", e.Port, e.Owner)
}

// Unwrap returns the system's error.
func (e *PortError) Unwrap() error { return e.Err }

// HostError says that a listener cannot have an address, which another port would not
// change.
type HostError struct {
	Host string
	Own  []string // the addresses that this machine has
	Err  error
}

// Error names the address.
func (e *HostError) Error() string {
	return fmt.Sprintf("%s is no address of this machine", e.Host)
}

// Unwrap returns the system's error.
func (e *HostError) Unwrap() error { return e.Err }

// Hint names the addresses that would do.
func (e *HostError) Hint() string {
	return "--host takes " + strings.Join(e.Own, ", ") + ", or 0.0.0.0 for all of them"
}

// hostError is err, or what it means for a host.
func hostError(host string, err error) error {
	var unknown *net.DNSError
	if !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.As(err, &unknown) {
		return err
	}
	all, addrErr := net.InterfaceAddrs()
	if addrErr != nil {
		return err
	}
	e := &HostError{Host: host, Err: err}
	for _, a := range all {
		if network, ok := a.(*net.IPNet); ok && !network.IP.IsLinkLocalUnicast() {
			e.Own = append(e.Own, network.IP.String())
		}
	}
	return e
}

// address is where one of the servers is to listen.
type address struct {
	host string // "localhost" listens on 127.0.0.1 and, where there is one, ::1
	port int    // 0 takes any free port
	wish int    // tried first if port is 0
	flag string // the flag that sets the port, for messages
}

// binding is an address in use by us: one listener, or two for localhost.
type binding struct {
	listeners []net.Listener
	port      int
}

func (b *binding) close() error {
	var err error
	for _, ln := range b.listeners {
		err = errors.Join(err, ln.Close())
	}
	return err
}

// bind listens at a. A port in use is a *PortError when strict; otherwise the next
// free one is taken and the log says so.
func bind(ctx context.Context, a address, strict bool, log *slog.Logger) (*binding, error) {
	if a.port == 0 && a.wish != 0 {
		if b, err := bindPort(ctx, a.host, a.wish); err == nil {
			return b, nil
		}
	}
	b, err := bindPort(ctx, a.host, a.port)
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		return b, err
	}
	taken := &PortError{Port: a.port, Flag: a.flag, Owner: PortOwner(ctx, a.port), Err: err}
	if strict || a.port == 0 {
		return nil, taken
	}
	for port := a.port + 1; port <= min(a.port+portTries, 65535); port++ {
		b, err := bindPort(ctx, a.host, port)
		if err == nil {
			log.Warn(fmt.Sprintf("%v; taking %d instead", taken, port), "event", "server.port-taken",
				"port", a.port, "instead", port, "owner", taken.Owner,
				"hint", fmt.Sprintf("%s chooses a port, --strict-port stops here instead", a.flag))
			return b, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
	}
	return nil, taken
}

// bindPort listens on every address that host stands for.
func bindPort(ctx context.Context, host string, port int) (*binding, error) {
	if host != "localhost" {
		return bindAll(ctx, []string{host}, port)
	}
	// Browsers and node resolve localhost to ::1, 127.0.0.1 or both; a listener on
	// only one of them refuses some of them.
	if !hasIPv6Loopback(ctx) {
		return bindAll(ctx, []string{"127.0.0.1"}, port)
	}
	for range portTries {
		b, err := bindAll(ctx, []string{"127.0.0.1", "::1"}, port)
		if err == nil || port != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			return b, err
		}
	}
	return nil, fmt.Errorf("no port is free on both 127.0.0.1 and ::1: %w", syscall.EADDRINUSE)
}

// bindAll listens on the same port of each host, or on none.
func bindAll(ctx context.Context, hosts []string, port int) (*binding, error) {
	b := &binding{port: port}
	var config net.ListenConfig
	for _, host := range hosts {
		ln, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(b.port)))
		if err != nil {
			return nil, errors.Join(hostError(host, err), b.close())
		}
		b.listeners = append(b.listeners, ln)
		if tcp, ok := ln.Addr().(*net.TCPAddr); ok {
			b.port = tcp.Port
		}
	}
	return b, nil
}

func hasIPv6Loopback(ctx context.Context) bool {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "[::1]:0")
	if err != nil {
		return false
	}
	return ln.Close() == nil
}

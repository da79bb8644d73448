package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Addr is where a listener binds. Its text form is "host:port", a port alone (the
// host is then localhost), or "false" for no listener.
type Addr struct {
	Host string // a name or an IP address without brackets; "localhost" stands for both loopback addresses
	Port int    // 0 takes any free port
	Off  bool   // there is no such listener
}

// defaultHost is bound when an address names no host: nothing outside this machine
// reaches it.
const defaultHost = "localhost"

// UnmarshalText reads the text form.
func (a *Addr) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "false" {
		*a = Addr{Off: true}
		return nil
	}
	host, port := defaultHost, s
	if strings.Contains(s, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return fmt.Errorf("%q is not host:port, a port, or false", s)
		}
	}
	if host == "" {
		return fmt.Errorf("%q names no host; use localhost%s, or 0.0.0.0%s to open it to the network", s, s, s)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("%q is not host:port, a port, or false", s)
	}
	if n < 0 || n > maxPort {
		return fmt.Errorf("port %d is not between 0 and %d", n, maxPort)
	}
	*a = Addr{Host: host, Port: n}
	return nil
}

const maxPort = 65535

// MarshalText writes the text form.
func (a Addr) MarshalText() ([]byte, error) {
	return []byte(a.String()), nil
}

// String returns the text form.
func (a Addr) String() string {
	if a.Off {
		return "false"
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// Size is a number of bytes. Its text form is a whole number with an optional unit:
// "500", "16KiB", "1MB". KB and KiB both count 1024, as every such limit of the
// original tools does; case does not matter.
type Size int64

// maxSize keeps a size clear of overflow wherever it is multiplied: 1 PiB.
const maxSize = 1 << 50

// UnmarshalText reads the text form.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "abgikmtABGIKMT ")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, ok := sizeUnit(strings.TrimSpace(string(text)[len(digits):]))
	if err != nil || !ok || n < 0 {
		return fmt.Errorf("%q is not a size such as 500, 16KiB or 1MB", text)
	}
	if n > maxSize/unit {
		return fmt.Errorf("%q is more than 1024 TiB", text)
	}
	*s = Size(n * unit)
	return nil
}

func sizeUnit(name string) (int64, bool) {
	switch strings.ToLower(name) {
	case "", "b":
		return 1, true
	case "k", "kb", "kib":
		return 1 << 10, true
	case "m", "mb", "mib":
		return 1 << 20, true
	case "g", "gb", "gib":
		return 1 << 30, true
	case "t", "tb", "tib":
		return 1 << 40, true
	}
	return 0, false
}

// MarshalText writes the text form with the largest unit that keeps it whole.
func (s Size) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// String returns the text form.
func (s Size) String() string {
	units := []struct {
		size Size
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}}
	for _, u := range units {
		if s != 0 && s%u.size == 0 {
			return fmt.Sprintf("%d%s", s/u.size, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Words is a list of texts; a list of one may be written without the brackets.
type Words []string

// webURL parses an absolute http or https URL.
func webURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %w", s, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is not an http:// or https:// URL", s)
	}
	if u.User != nil {
		return nil, fmt.Errorf("the URL must not hold a user name or password")
	}
	return u, nil
}

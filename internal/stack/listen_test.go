package stack

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// taken holds a port for the length of the test.
func taken(t *testing.T, host string) int {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skipf("no %s here: %v", host, err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().(*net.TCPAddr).Port
}

func TestTakenPortIsRefusedWhenStrictAndItsOwnerNamed(t *testing.T) {
	port := taken(t, "127.0.0.1")
	_, err := bind(t.Context(), address{host: "localhost", port: port, flag: "--app-port"}, true, slog.New(slog.DiscardHandler))
	var pe *PortError
	if !errors.As(err, &pe) {
		t.Fatalf("got %v, want a *PortError", err)
	}
	if pe.Port != port || pe.Flag != "--app-port" || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %+v", pe)
	}
	if want := fmt.Sprintf("(pid %d)", os.Getpid()); !strings.Contains(pe.Error(), want) {
		t.Errorf("%q does not name the owner %s", pe, want)
	}
}

func TestTakenPortYieldsTheNextFreeOneAndSaysSo(t *testing.T) {
	port := taken(t, "127.0.0.1")
	var out bytes.Buffer
	b, err := bind(t.Context(), address{host: "localhost", port: port, flag: "--app-port"}, false, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if b.port <= port {
		t.Errorf("got port %d, want one above %d", b.port, port)
	}
	for _, want := range []string{"already in use", fmt.Sprintf("taking %d instead", b.port), "--app-port", "--strict-port"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, out.String())
		}
	}
}

func TestPortTakenOnOnlyOneLoopbackCountsAsTaken(t *testing.T) {
	port := taken(t, "::1")
	_, err := bindPort(t.Context(), "localhost", port)
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v: half of localhost would answer from somebody else", err)
	}
}

func TestLocalhostAnswersOnBothLoopbacks(t *testing.T) {
	b, err := bind(t.Context(), address{host: "localhost"}, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	hosts := []string{"127.0.0.1"}
	if hasIPv6Loopback(t.Context()) {
		hosts = append(hosts, "::1")
	}
	for _, host := range hosts {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(b.port)))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		conn.Close()
	}
}

func TestUnusableHostIsAnErrorThatNamesIt(t *testing.T) {
	_, err := bind(t.Context(), address{host: "192.0.2.1", port: 0}, false, slog.New(slog.DiscardHandler))
	wrong, ok := errors.AsType[*HostError](err)
	if !ok || wrong.Error() != "192.0.2.1 is no address of this machine" || !strings.Contains(wrong.Hint(), "127.0.0.1") {
		t.Errorf("got %v", err)
	}
}

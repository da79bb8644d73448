//go:build !windows

package backend_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/backend"
)

// roleVar makes the test binary one of the programs that the tests run.
const roleVar = "BACKEND_TEST_ROLE"

func TestMain(m *testing.M) {
	if code, ok := backend.Supervise(); ok {
		os.Exit(code)
	}
	switch os.Getenv(roleVar) {
	case "server":
		serve("127.0.0.1")
	case "server6":
		serve("::1")
	case "stubborn":
		stubborn()
	case "owner":
		own()
	}
	goleak.VerifyTestMain(m)
}

// serve is a back-end: it answers /up, and says what it was given on /env.
func serve(ip string) {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, os.Getenv("PORT")))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	http.HandleFunc("/up", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/env", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getenv("GREETING"))
	})
	fmt.Println("listening")
	fmt.Println(http.Serve(l, nil))
	os.Exit(1)
}

// stubborn does not end on SIGTERM.
func stubborn() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	fmt.Println("stubborn and up")
	select {}
}

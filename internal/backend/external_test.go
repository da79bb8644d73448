//go:build !windows

package backend_test

import (
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/backend"
)

func TestAServerOfOthersIsAskedAndWaitedFor(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	url := "http://" + address
	r := start(t, backend.Options{Services: []backend.Service{
		{Name: "worker", Run: `echo "at $ADMIN_URL"; cat`, Depends: []string{"admin"}},
		{Name: "admin", URL: url, Health: "/up"},
	}})
	r.wait(t, 0, "admin = unhealthy")
	if got := r.States()[0].String(); got != "unhealthy: does not answer at "+url+"/up" {
		t.Errorf("state %q", got)
	}

	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/up" {
			http.NotFound(w, q)
		}
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	r.wait(t, 0, "worker: at "+url)
	mustBeReady(t, r)
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	<-served
	r.stop()

	want := []string{"admin = starting", "admin = unhealthy", "admin = healthy"}
	if diff := cmp.Diff(want, r.all()[:len(want)]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestServicesLearnWhereTheOthersAre(t *testing.T) {
	r := start(t, backend.Options{
		Services: []backend.Service{
			{Name: "s", Run: `echo "$MAIN_API_URL $MAIN_API_PORT $OWN_URL $HUB"; cat`},
			{Name: "main-api", Run: "cat", Port: 0},
			{Name: "own", Run: "cat"},
		},
		Environ:  append(os.Environ(), "OWN_URL=mine"),
		Defaults: map[string]string{"HUB": "http://localhost:3010"},
	})
	url := r.URL("main-api")
	r.wait(t, 0, "s: "+url+" "+url[strings.LastIndex(url, ":")+1:]+" mine http://localhost:3010$")
}

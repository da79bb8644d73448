package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

// rules are all the server the scenario needs.
var rules = []relay.Rule{
	{On: "message-with-ack", Ack: "args"},
	{On: "client:**", Emit: "server:$1"},
}

// mountHub runs the hub, as serve does, until the test ends.
func mountHub(t *testing.T, mux *http.ServeMux) {
	t.Helper()
	set, err := relay.Compile(rules, relay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(hub.Options{Relays: set, Namespaces: []string{"/chat"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run the hub: %v", err)
		}
	})
	mux.Handle("/socket.io/", h)
	mux.HandleFunc("GET /kick", func(w http.ResponseWriter, r *http.Request) {
		kick(w, h, r.FormValue("nsp"), r.FormValue("id"))
	})
	mux.HandleFunc("GET /publish", func(w http.ResponseWriter, r *http.Request) {
		publish(w, r, h)
	})
}

// kick disconnects one client from a namespace. A client of the first protocols may not
// know that its id there begins with the namespace.
func kick(w http.ResponseWriter, h *hub.Hub, namespace, id string) {
	for _, room := range []string{id, namespace + "#" + id} {
		if n := h.Disconnect(namespace, []string{room}); n == 1 {
			_, _ = fmt.Fprint(w, n)
			return
		}
	}
	http.Error(w, "no client "+id+" in "+namespace, http.StatusNotFound)
}

// publish sends what a back-end would, to everybody; each client waits for a name of its own.
func publish(w http.ResponseWriter, r *http.Request, h *hub.Hub) {
	n, err := h.Publish(r.Context(), hub.Message{
		Event: r.FormValue("event"),
		Args:  []json.RawMessage{json.RawMessage(`"é€😀"`), json.RawMessage(`{"n":1.5}`)},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprint(w, n)
}

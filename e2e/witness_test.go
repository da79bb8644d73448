package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// witness is one more client, of the current protocol and in Go: what it hears of an event
// is what everybody but the sender does. An old client that garbles its text both ways
// would understand its own echo.
type witness struct {
	mu      sync.Mutex                 // guards what follows; never held while waiting
	args    map[string]json.RawMessage // by event
	changed chan struct{}              // closed, and replaced, at each event
}

// listen connects and keeps what it hears until the server goes.
func (w *witness) listen(t *testing.T, url string) {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatalf("connect the witness: %v", err)
	}
	_ = resp.Body.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("40")); err != nil {
		t.Fatalf("connect the witness: %v", err)
	}
	connected := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.read(conn, connected)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	select {
	case <-connected:
	case <-ended:
		t.Fatal("the witness was not let in")
	}
}

func (w *witness) read(conn *websocket.Conn, connected chan<- struct{}) {
	for {
		_, data, err := conn.ReadMessage()
		text := string(data)
		switch {
		case err != nil:
			return
		case strings.HasPrefix(text, "40"):
			close(connected)
		case text == "2":
			if conn.WriteMessage(websocket.TextMessage, []byte("3")) != nil {
				return
			}
		case strings.HasPrefix(text, "42["):
			w.hear(data[2:])
		}
	}
}

// hear keeps an event's arguments: ["name", args…].
func (w *witness) hear(event []byte) {
	var list []json.RawMessage
	var name string
	if json.Unmarshal(event, &list) != nil || json.Unmarshal(list[0], &name) != nil {
		return // what it did not understand it did not hear
	}
	args, err := json.Marshal(list[1:])
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.args[name] = args
	close(w.changed)
	w.changed = make(chan struct{})
}

// serve answers with an event's arguments, once it was heard.
func (w *witness) serve(rw http.ResponseWriter, r *http.Request) {
	for {
		w.mu.Lock()
		args, heard := w.args[r.FormValue("event")]
		changed := w.changed
		w.mu.Unlock()
		if heard {
			_, _ = rw.Write(args)
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

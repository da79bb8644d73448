package livereload

import (
	"encoding/json"
)

// ghostRoom is how much of a page's queue ghost mode may fill: what a person does is
// worth losing, a change is not.
const ghostRoom = queueSize / 2 // messages

// doMessage is something a person did in another page.
type doMessage struct {
	Type string          `json:"t"`
	Do   json.RawMessage `json:"do"`
}

// relay passes on what a person did in page from to the others. It says on which path
// it was done; a single-page application may show that path in any document.
func (s *Server) relay(from *page, do json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ghost || len(do) == 0 {
		return
	}
	m := prepare(encode(doMessage{Type: typeDo, Do: do}))
	for p := range s.shown() {
		if p != from && len(p.out) < ghostRoom {
			p.queue(m)
		}
	}
}

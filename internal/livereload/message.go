package livereload

import (
	"encoding/json"

	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// The types of messages, in the member "t".
const (
	typeHello  = "hello"  // page: who it is and what it shows
	typeUses   = "uses"   // page: what it shows as well by now
	typeError  = "error"  // page: an uncaught exception
	typeDo     = "do"     // both ways: something a person did, in ghost mode
	typeLine   = "line"   // server: the name of this event stream
	typeHi     = "hi"     // server: the answer to hello
	typePrints = "prints" // server: the answer to uses
	typeChange = "change" // server: something the page shows changed
	typeErrors = "errors" // server: the mistakes to show, or none
	typeGhost  = "ghost"  // server: ghost mode is on or off
)

// fromPage is any message from a page.
type fromPage struct {
	Type string `json:"t"`
	// Boot and Gen are what the server said last; empty on the first connection.
	Boot string `json:"boot"`
	Gen  uint64 `json:"gen"`
	// Age is for how long the page (hello) or the first of Uses (uses) has been there, in
	// milliseconds.
	Age float64 `json:"age"`
	// Doc is the URL path of the document.
	Doc string `json:"doc"`
	// Uses are URL paths, unescaped.
	Uses []string `json:"uses"`
	// Prints are the fingerprints that the page was told of Uses, "" where it was not.
	Prints []string `json:"prints"`

	Error *errorReport    `json:"error"`
	Do    json.RawMessage `json:"do"`
}

type lineMessage struct {
	Type string `json:"t"`
	ID   string `json:"id"`
}

type hiMessage struct {
	Type   string    `json:"t"`
	Boot   string    `json:"boot"`
	Gen    uint64    `json:"gen"`
	Prints []string  `json:"prints"`
	Errors diag.List `json:"errors"` // the mistakes to show; null if there are none
	Ghost  bool      `json:"ghost"`
	State  bool      `json:"state"`  // carry scroll position and forms over a reload
	Report bool      `json:"report"` // report errors of the page
}

type printsMessage struct {
	Type   string   `json:"t"`
	Prints []string `json:"prints"`
}

type changeMessage struct {
	Type   string   `json:"t"`
	Gen    uint64   `json:"gen"`
	Reload bool     `json:"reload"`
	Once   string   `json:"once,omitempty"` // reload no more than once for this word
	Paths  []string `json:"paths"`
	Prints []string `json:"prints"`
}

type errorsMessage struct {
	Type   string    `json:"t"`
	Errors diag.List `json:"errors"`
}

type ghostSwitch struct {
	Type string `json:"t"`
	On   bool   `json:"ghost"`
}

// frame is a message that is encoded once for all pages it goes to: as it is, and as a
// WebSocket has it.
type frame struct {
	text   []byte
	socket *websocket.PreparedMessage
}

// encode returns v as JSON. The types above cannot fail to encode.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func prepare(data []byte) *frame {
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	if err != nil {
		panic(err) // only control messages can be invalid
	}
	return &frame{text: data, socket: m}
}

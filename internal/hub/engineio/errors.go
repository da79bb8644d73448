package engineio

import (
	"encoding/json"
	"net/http"
)

// refusal is an answer to a request that cannot be served: the code and message every
// client of the family knows, and for a person the likely cause with the way out.
type refusal struct {
	status  int
	code    int
	message string
	hint    string
}

// The error codes of the official server.
const (
	codeTransport = 0
	codeSession   = 1
	codeMethod    = 2
	codeRequest   = 3
	codeForbidden = 4
	codeProtocol  = 5
)

func badRequest(hint string) *refusal {
	return &refusal{http.StatusBadRequest, codeRequest, "Bad request", hint}
}

func unknownTransport() *refusal {
	return &refusal{http.StatusBadRequest, codeTransport, "Transport unknown", "transport is polling or websocket"}
}

func unknownSession() *refusal {
	return &refusal{
		http.StatusBadRequest, codeSession, "Session ID unknown",
		"the session has ended, or the server was restarted: the client connects anew",
	}
}

func badMethod() *refusal {
	return &refusal{http.StatusBadRequest, codeMethod, "Bad handshake method", "a session begins with GET"}
}

func forbidden(hint string) *refusal {
	return &refusal{http.StatusForbidden, codeForbidden, "Forbidden", hint}
}

func unknownProtocol() *refusal {
	return &refusal{
		http.StatusBadRequest, codeProtocol, "Unsupported protocol version",
		"the query says EIO=2 or 3 (clients 1.x and 2.x) or EIO=4 (clients 3.x and 4.x)",
	}
}

func tooLarge(hint string) *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, codeRequest, "Payload too large", hint}
}

func busy(hint string) *refusal {
	return &refusal{http.StatusServiceUnavailable, codeRequest, "Server busy", hint}
}

func tooMany(hint string) *refusal {
	return &refusal{http.StatusTooManyRequests, codeRequest, "Too many connections", hint}
}

// write answers with the refusal as JSON, never cached and never taken for a page.
func (f *refusal) write(w http.ResponseWriter) {
	body, _ := json.Marshal(struct { // strings and a number always marshal
		Code    int    `json:"code"`
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
	}{f.code, f.message, f.hint})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if f.status == http.StatusServiceUnavailable || f.status == http.StatusTooManyRequests {
		h.Set("Retry-After", "5")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

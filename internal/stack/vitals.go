package stack

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
)

// vitals is what the health endpoint tells.
type vitals struct {
	Status string `json:"status"`
	*details
	// Backends are for who has the token: they name commands.
	Backends []BackendInfo `json:"backends,omitempty"`
}

// details are left out for strangers, where there is a password.
type details struct {
	Version string `json:"version"`
	Mode    string `json:"mode"`
	Clients int    `json:"clients"`         // of the hub
	Pages   *int   `json:"pages,omitempty"` // that live reload reaches; development only
}

// health answers monitors and load balancers.
func (p *parts) health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "use GET", http.StatusMethodNotAllowed)
			return
		}
		own := p.hasToken(r)
		v := vitals{Status: "ok"}
		if own || !p.locked.Load() {
			v.details = &details{Version: p.version, Mode: p.cfg.Serve.Mode, Clients: p.hub.Clients()}
			if p.live != nil {
				v.Pages = new(p.live.Pages())
			}
		}
		if own {
			v.Backends = p.backends()
		}
		answerJSON(w, http.StatusOK, v)
	})
}

// maxRestart bounds the body of a request to restart, in bytes.
const maxRestart = 4 << 10

// restart lets who has the token restart a back-end that is a command:
//
//	POST /__realtimectl/restart
//	Authorization: Bearer TOKEN
//	{"backend": "api"}
func (p *parts) restart() http.Handler {
	type refusal struct {
		Error string `json:"error"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", "POST")
			answerJSON(w, http.StatusMethodNotAllowed, refusal{"use POST"})
			return
		case !p.hasToken(r):
			w.Header().Set("WWW-Authenticate", "Bearer")
			answerJSON(w, http.StatusUnauthorized, refusal{"the token is missing or wrong"})
			return
		}
		var body struct {
			Backend string `json:"backend"`
		}
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRestart))
		if err != nil || json.Unmarshal(text, &body) != nil {
			answerJSON(w, http.StatusBadRequest, refusal{`the body must be {"backend": NAME}`})
			return
		}
		control := Control{services: p.services, backends: p.backends}
		if err := control.Restart(body.Backend); err != nil {
			answerJSON(w, http.StatusUnprocessableEntity, refusal{err.Error()})
			return
		}
		answerJSON(w, http.StatusOK, body)
	})
}

// answerJSON writes an answer of our own endpoints: for nobody's cache, and for no page
// of another site.
func answerJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away does not need the answer
}

// hasToken reports whether a request comes from who may read the token file.
func (p *parts) hasToken(r *http.Request) bool {
	given := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	want := sha256.Sum256([]byte("Bearer " + p.token))
	return p.token != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

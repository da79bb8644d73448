package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
)

// stateFile tells the commands of a second terminal where the serve of a project is.
// It lies beside the token, in a folder that version control ignores.
const stateFile = ".realtimectl/serve.json"

// healthTimeout bounds the question whether a serve still lives: it is on this machine.
const healthTimeout = 2 * time.Second

// state is the content of the state file.
type state struct {
	PID   int    `json:"pid"`
	Mode  string `json:"mode"`
	App   string `json:"app"`
	Proxy string `json:"proxy,omitempty"`
	// Certificate is the file that clients trust to reach it; "" without https.
	Certificate string    `json:"certificate,omitempty"`
	Started     time.Time `json:"started"`
}

// page is the address a person opens.
func (s state) page() string {
	if s.Proxy != "" {
		return s.Proxy
	}
	return s.App
}

func writeState(cfg *config.Config, i stack.Info, now time.Time) error {
	text, err := json.Marshal(state{PID: i.PID, Mode: i.Mode, App: i.App, Proxy: i.Proxy, Certificate: i.Certificate, Started: now.Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	path := cfg.Abs(stateFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if err := atomicfile.Write(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	return nil
}

// removeState takes the state file away, if it is still that of this process: another
// serve may have been started on other ports since.
func removeState(cfg *config.Config) error {
	s, err := readState(cfg)
	if err != nil || s.PID != os.Getpid() {
		return nil // there is nothing of ours to remove
	}
	if err := os.Remove(cfg.Abs(stateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("state file: %w", err)
	}
	return nil
}

func readState(cfg *config.Config) (state, error) {
	text, err := os.ReadFile(cfg.Abs(stateFile))
	if err != nil {
		return state{}, fmt.Errorf("state file: %w", err)
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return state{}, fmt.Errorf("state file: %w", err)
	}
	if s.PID <= 0 || !strings.HasPrefix(s.App, "http://") && !strings.HasPrefix(s.App, "https://") {
		return state{}, fmt.Errorf("state file: %s holds no running serve", stateFile)
	}
	return s, nil
}

// health is the answer of a serve that lives.
type health struct {
	Status  string `json:"status"`
	Version string `json:"version"`
	Mode    string `json:"mode"`
	Clients int    `json:"clients"`
}

// living returns the serve of a project that answers now. What a crash left behind
// does not count.
func living(ctx context.Context, cfg *config.Config) (state, health, bool) {
	s, err := readState(cfg)
	if err != nil {
		return state{}, health{}, false
	}
	at := server{url: s.App, certificate: s.Certificate}
	h, err := askHealth(ctx, at)
	if err != nil || h.Mode != "" {
		return s, h, err == nil
	}
	// A serve with a password tells the rest to who has the token.
	if token, err := os.ReadFile(cfg.Abs(cfg.Hub.Publish.TokenFile)); err == nil {
		at.token = strings.TrimSpace(string(token))
	}
	h, err = askHealth(ctx, at)
	return s, h, err == nil
}

func askHealth(ctx context.Context, s server) (health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/__realtimectl/health", nil)
	if err != nil {
		return health{}, fmt.Errorf("make the request: %w", err)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	var h health
	if err := s.do(req, &h); err != nil {
		return health{}, err
	}
	if h.Status == "" {
		return health{}, fmt.Errorf("%s is not realtimectl", s.url)
	}
	return h, nil
}

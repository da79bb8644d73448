package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
)

// healthTimeout bounds the question whether a serve still lives: it is on this machine.
const healthTimeout = 2 * time.Second

// health is the answer of a serve that lives.
type health struct {
	Status  string `json:"status"`
	Version string `json:"version"`
	Mode    string `json:"mode"`
	Clients int    `json:"clients"`
	Pages   *int   `json:"pages"`
	// Backends are told to who has the token.
	Backends []stack.BackendInfo `json:"backends"`
}

// settled reports whether everything that serve itself runs is up.
func (h health) settled() bool {
	return len(h.coming()) == 0
}

// coming are the commands that are not up yet.
func (h health) coming() []string {
	var names []string
	for _, b := range h.Backends {
		if b.Command && b.Phase != "healthy" {
			names = append(names, b.Name)
		}
	}
	return names
}

// waitedFor says what is not up yet.
func (h health) waitedFor(runs bool) string {
	if !runs {
		return "waiting for serve"
	}
	return waitingFor(h.coming())
}

// living returns the serve of a project that answers now. What a crash left behind
// does not count.
func living(ctx context.Context, cfg *config.Config) (stack.State, health, bool) {
	s, err := stack.ReadState(cfg.Dir)
	if err != nil {
		return stack.State{}, health{}, false
	}
	at := server{url: s.App, certificate: s.Certificate}
	// Who may read the token file is told everything.
	if token, err := os.ReadFile(cfg.Abs(cfg.Hub.Publish.TokenFile)); err == nil {
		at.token = strings.TrimSpace(string(token))
	}
	h, err := askHealth(ctx, at)
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

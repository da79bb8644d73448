package stack

import (
	"cmp"
	"os"
	"strings"

	"github.com/realtimectl/realtimectl/internal/config"
)

// info says what runs.
func (p *parts) info() Info {
	i := Info{
		PID: os.Getpid(), Mode: p.cfg.Serve.Mode, Project: p.cfg.Project(), Dir: p.cfg.Dir,
		App: p.doors.appURL(), Proxy: p.doors.proxyURL(), Network: p.doors.networkURLs(), Certificate: p.certificate,
		Hub: HubInfo{Path: p.cfg.Hub.Path, Rules: p.relays}, Watching: p.watching,
	}
	for _, b := range p.cfg.Backends {
		i.Backends = append(i.Backends, backendInfo(b))
	}
	if p.live != nil {
		i.Control = &Control{live: p.live, gate: p.gate}
	}
	return i
}

func backendInfo(b config.Backend) BackendInfo {
	return BackendInfo{
		Name:   b.Name,
		Mount:  strings.TrimSpace(b.Host + " " + b.Path),
		Target: cmp.Or(b.Run, b.URL, b.Store),
	}
}

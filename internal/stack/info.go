package stack

import (
	"cmp"
	"os"
	"strings"

	"github.com/realtimectl/realtimectl/internal/backend"
)

// info says what runs.
func (p *parts) info() Info {
	i := Info{
		PID: os.Getpid(), Mode: p.cfg.Serve.Mode, Project: p.cfg.Project(), Dir: p.cfg.Dir,
		App: p.doors.appURL(), Proxy: p.doors.proxyURL(), Network: p.doors.network(), Ports: p.doors.numbers(), Certificate: p.certificate,
		HubPath: p.cfg.Hub.Path, Watching: p.watching,
	}
	i.Backends = p.backends()
	i.Control = &Control{live: p.live, gate: p.gate, services: p.services, backends: p.backends, config: p.inForce.Load}
	return i
}

// backends says how the back-ends are now.
func (p *parts) backends() []BackendInfo {
	states := map[string]backend.State{}
	if p.services != nil {
		for _, s := range p.services.States() {
			states[s.Name] = s
		}
	}
	var list []BackendInfo
	for _, b := range p.backendsNow() {
		i := BackendInfo{
			Name: b.Name, Mount: strings.TrimSpace(b.Host + " " + b.Path), Host: b.Host, Path: b.Path,
			Target: cmp.Or(b.Run, b.URL, b.Store), Command: b.Run != "", Stdin: b.Stdin,
			Phase: string(backend.Healthy),
		}
		if s, ok := states[b.Name]; ok {
			i.Phase, i.Reason, i.PID = string(s.Phase), s.Reason, s.PID
			if s.Phase == backend.Healthy {
				i.Took = s.Took.Milliseconds()
			}
			i.URL = cmp.Or(s.URL, p.services.URL(b.Name))
		}
		list = append(list, i)
	}
	return list
}

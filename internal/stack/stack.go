// Package stack runs a project: it starts the parts, joins them, and stops them.
//
// No part knows another one. Here they meet, joined by plain types, and this package
// reads as the architecture: [Run] opens the listeners first, so that every port is
// known before anything refers to it; assembles the parts (parts.go) and what the
// two listeners answer (handlers.go); runs the units in order and stops them in
// reverse (units.go). The flow from a saved file to the browser is in changes.go.
package stack

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/realtimectl/realtimectl/internal/config"
)

// Options says what to run. Project and Log are required.
type Options struct {
	// Project holds everything that was decided: flags, environment, file, the project's own
	// files, defaults.
	Project Project
	// Log gets every message. Records carry the attribute "event", a stable name.
	Log *slog.Logger
	// Reload reads the configuration again, when its file changed; nil never does.
	Reload func() (*config.Config, error)
	// Ready is called once, when every listener accepts; nothing was printed before,
	// except warnings. Nil does nothing.
	Ready func(Info)
	// ReadyFile is a file that is written whole when every listener accepts, and removed
	// at the end; "" writes none.
	ReadyFile string
	// Terminal gives the commands among the back-ends a terminal of their own, so that
	// they print in colour.
	Terminal bool
	// Columns is the width of that terminal; 0 is 120.
	Columns int
	// Backends is told the names of all back-ends when they have changed, before anything
	// is said of a new one; nil is not told.
	Backends func(names []string)
	// Ports are tried first where the configuration takes any free one: those of the run
	// before, so that open pages find their server again.
	Ports Ports
	// Authority is the folder of the certificate authority for https; "" is the user's own
	// one, [devcert.DefaultDir].
	Authority string
	// Version is shown by the health endpoint.
	Version string
	// Started is when the program started; the time until ready counts from it. Zero
	// means the call of Run.
	Started time.Time
}

// Ports are those of the two listeners; 0 is none.
type Ports struct{ App, Proxy int }

// Info is what runs, once it does.
type Info struct {
	PID     int
	Mode    string // "development" or "production"
	Project string
	Dir     string
	// Took is the time from Options.Started until every listener accepted.
	Took time.Duration
	// App and Proxy are URLs with host and port and no path; Proxy is "" without one.
	App, Proxy string
	// Certificate is the PEM file that a client of an https listener may trust: the
	// authority's or the one of serve.cert; "" without https.
	Certificate string
	// Network is how other machines reach us; empty on loopback.
	Network  []Address
	Ports    Ports
	Backends []BackendInfo
	HubPath  string // of the event hub
	// Watching counts the files that are watched; 0 in production.
	Watching int
	// Control steers what runs.
	Control *Control
}

// BackendInfo is one server beside ours, and how it is now.
type BackendInfo struct {
	Name string `json:"name"`
	// Mount is where requests go to it: "/api", "admin.localhost", or both: Host and Path.
	Mount string `json:"mount,omitempty"`
	Host  string `json:"-"`
	Path  string `json:"-"`
	// Target is what answers: a command, a URL or a file.
	Target string `json:"target"`
	// Command says that we run it, Stdin that it gets what is piped into us.
	Command bool `json:"command"`
	Stdin   bool `json:"stdin,omitempty"`
	// URL is where it listens; "" for a store.
	URL string `json:"url,omitempty"`
	// PID is that of the command; 0 if it does not run.
	PID int `json:"pid,omitempty"`
	// Phase is one word: waiting, starting, healthy, unhealthy, restarting, exited,
	// stopping, stopped.
	Phase string `json:"phase"`
	// Took is the time from its start until it was healthy, in ms; 0 if it is not, or if
	// others run it.
	Took int64 `json:"ms,omitempty"`
	// Reason says why, where the phase is not as one would wish.
	Reason string `json:"reason,omitempty"`
}

// Run runs the project until ctx is done, and returns once everything has ended: nil
// after that stop, an error if something failed. A port in use is a [*PortError], a
// mistake in the configuration a [diag.List].
func Run(ctx context.Context, o Options) error {
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	doors, err := openDoors(ctx, o)
	if err != nil {
		return err
	}
	p, err := assemble(ctx, o, doors)
	if err != nil {
		return errors.Join(err, doors.close())
	}
	err = runUnits(ctx, p.units(), func() error { return announce(o, p.info()) })
	return errors.Join(err, p.close(), removeReadyFile(o.ReadyFile))
}

// announce tells the second terminal, the ready file and the caller that everything is up.
func announce(o Options, info Info) error {
	info.Took = time.Since(o.Started)
	if err := writeState(o.Project.Config, info, o.Started); err != nil {
		o.Log.Warn(err.Error(), "event", "state.not-written", "hint", "status, stop, reload, emit and listen will not find this serve")
	}
	if o.ReadyFile != "" {
		if err := writeReadyFile(o.ReadyFile, info); err != nil {
			return err
		}
	}
	if o.Ready != nil {
		o.Ready(info)
	}
	debug.FreeOSMemory() // the start has read every source once; what follows needs a part of that
	return nil
}

func removeReadyFile(path string) error {
	if path == "" {
		return nil
	}
	return remove(path)
}

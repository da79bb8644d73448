package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

// trace is the file a run leaves in Options.StateDir until it has ended cleanly.
type trace struct {
	Run     string `json:"run"`     // the mark of its processes
	PID     int    `json:"pid"`     // ours
	Started string `json:"started"` // tells us from another process with that pid
}

const tracePrefix = "backends-"

// leaveTrace writes the file of this run and returns what removes it.
func (g *Group) leaveTrace() (done func(), err error) {
	if g.opts.StateDir == "" {
		return func() {}, nil
	}
	data, err := json.Marshal(trace{Run: g.id, PID: os.Getpid(), Started: startOf(os.Getpid())})
	if err != nil {
		return nil, fmt.Errorf("describe this run: %w", err)
	}
	err = os.MkdirAll(g.opts.StateDir, 0o755)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil // the supervisors do without it
	}
	if err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	file := filepath.Join(g.opts.StateDir, tracePrefix+g.id+".json")
	if err := atomicfile.Write(file, data, 0o600); err != nil {
		return nil, err
	}
	// A file that stays is found by the next run, which removes it.
	return func() { _ = os.Remove(file) }, nil
}

// endLeftovers ends the processes of earlier runs that could not do it themselves.
func (g *Group) endLeftovers(ctx context.Context) {
	entries, err := os.ReadDir(g.opts.StateDir) // not a glob: the project's path may hold brackets
	if err != nil {
		return // nothing was left
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tracePrefix) || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		file := filepath.Join(g.opts.StateDir, e.Name())
		t, ok := readTrace(file)
		if ok && startOf(t.PID) == t.Started && t.Started != "" {
			continue // that run is alive
		}
		if ok {
			g.endRun(ctx, t.Run)
		}
		_ = os.Remove(file) // if it stays, the next run looks again
	}
}

func readTrace(file string) (trace, bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return trace{}, false
	}
	var t trace
	return t, json.Unmarshal(data, &t) == nil && t.Run != ""
}

func (g *Group) endRun(ctx context.Context, run string) {
	names := endMarked(ctx, run+"/", g.opts.Grace)
	if len(names) == 0 {
		return
	}
	g.opts.Log.Warn(fmt.Sprintf("ended %s, left over from an earlier run that was killed", strings.Join(names, ", ")),
		"event", "backend.leftover", "processes", names)
}

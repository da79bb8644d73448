package stack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/config"
)

// stateDir holds what a run leaves for other programs of the same user: where it is,
// and the token of its control endpoints. It ignores itself, so it never shows in git
// status.
const (
	stateDir   = ".realtimectl"
	ignoreFile = ".gitignore"
)

// stateBytes bounds a state file: a larger one is something else.
const stateBytes = 4 << 10

// State says where the serve of a project is, for the commands of a second terminal.
// Each run keeps it in a file of its own below .realtimectl, from the moment when it is
// ready until its end.
type State struct {
	PID   int    `json:"pid"`
	Mode  string `json:"mode"` // "development" or "production"
	App   string `json:"app"`
	Proxy string `json:"proxy,omitempty"`
	// Certificate is the file that clients trust to reach it; "" without https.
	Certificate string `json:"certificate,omitempty"`
	// Started is when the program started, to the millisecond.
	Started time.Time `json:"started"`
}

// Page is the address a person opens.
func (s State) Page() string {
	return cmp.Or(s.Proxy, s.App)
}

// ReadState returns where the serve of the project in dir is; of several, the one that
// was started last. What a crash left behind does not count as long as no other process
// has its number: whoever needs to be sure asks the health endpoint. The error is
// [fs.ErrNotExist] if none runs.
func ReadState(dir string) (State, error) {
	states := livingStates(dir)
	if len(states) == 0 {
		return State{}, fmt.Errorf("no serve runs in %s: %w", dir, fs.ErrNotExist)
	}
	return states[len(states)-1], nil
}

// stateName is the name of the state file of a process.
func stateName(pid int) string { return fmt.Sprintf("serve-%d.json", pid) }

// isState recognises the names that stateName gives.
func isState(name string) bool {
	return strings.HasPrefix(name, "serve-") && strings.HasSuffix(name, ".json")
}

// writeState tells other programs of the user where this run is.
func writeState(cfg *config.Config, i Info, started time.Time) error {
	dir := filepath.Join(cfg.Dir, stateDir)
	if err := makeFolder(cfg.Dir, dir); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	text, err := json.Marshal(State{
		PID: i.PID, Mode: i.Mode, App: i.App, Proxy: i.Proxy, Certificate: i.Certificate, Started: started.Truncate(time.Millisecond),
	})
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(dir, stateName(i.PID)), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	return nil
}

// forgetRun takes away what this run left for other programs. The last run of a project
// also takes the token, what crashed runs left, and the folder if nothing of others is
// in it, so that no program takes the project for served.
func forgetRun(cfg *config.Config) error {
	dir := filepath.Join(cfg.Dir, stateDir)
	if err := remove(filepath.Join(dir, stateName(os.Getpid()))); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if len(livingStates(cfg.Dir)) > 0 {
		return nil
	}
	return errors.Join(forgetToken(cfg), clearFolder(dir))
}

// clearFolder removes the state files in dir, and dir if nothing else is in it.
func clearFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // there is nothing to clear
	}
	others := false
	for _, e := range entries {
		if !isState(e.Name()) {
			others = others || e.Name() != ignoreFile
			continue
		}
		if err := remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("state file: %w", err)
		}
	}
	if others {
		return nil
	}
	return os.RemoveAll(dir)
}

// livingStates reads the state files of the project in dir whose processes live, the
// latest last.
func livingStates(dir string) []State {
	folder := filepath.Join(dir, stateDir)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil // no run, or none that is ours to see
	}
	var states []State
	for _, e := range entries {
		if !isState(e.Name()) {
			continue
		}
		if s, err := readState(filepath.Join(folder, e.Name())); err == nil && alive(s.PID) {
			states = append(states, s)
		}
	}
	slices.SortFunc(states, func(a, b State) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.PID, b.PID))
	})
	return states
}

func readState(path string) (State, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return State{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > stateBytes {
		return State{}, fmt.Errorf("%s is no state file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return State{}, err
	}
	var s State
	if err := json.Unmarshal(text, &s); err != nil {
		return State{}, fmt.Errorf("read %s: %w", path, err)
	}
	if filepath.Base(path) != stateName(s.PID) || !strings.HasPrefix(s.App, "http://") && !strings.HasPrefix(s.App, "https://") {
		return State{}, fmt.Errorf("%s is no state file", path)
	}
	return s, nil
}

// alive reports whether a process exists. One that the system does not tell about
// counts as alive: to take a token from a run is worse than to leave one.
func alive(pid int) bool {
	if pid <= 0 || int(int32(pid)) != pid {
		return false
	}
	exists, err := process.PidExists(int32(pid))
	return exists || err != nil
}

// makeFolder makes a folder; our own one in the project is private and ignores itself.
func makeFolder(project, dir string) error {
	if dir != filepath.Join(project, stateDir) {
		return os.MkdirAll(dir, 0o755)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, ignoreFile), []byte("*\n"), 0o644)
}

// readOnly reports whether an error says that a place cannot be written to.
func readOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// remove removes a file that may be gone already, or never was where it belongs: a file
// may be in the way of its folder.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return err
	}
	return nil
}

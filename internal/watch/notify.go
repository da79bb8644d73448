package watch

import (
	"errors"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// errNoNotifications is the answer to a subscription where there can be none.
var errNoNotifications = errors.New("the system sends no notifications")

// notifications are what the system says of folders. Where it refuses to say anything, fsw
// is nil: nothing ever comes, and everything is compared at intervals.
type notifications struct{ fsw *fsnotify.Watcher }

func (n notifications) events() <-chan fsnotify.Event {
	if n.fsw == nil {
		return nil
	}
	return n.fsw.Events
}

func (n notifications) errors() <-chan error {
	if n.fsw == nil {
		return nil
	}
	return n.fsw.Errors
}

// add subscribes to what happens in a folder.
func (n notifications) add(dir string) error {
	if n.fsw == nil {
		return errNoNotifications
	}
	return n.fsw.Add(dir)
}

// remove ends a subscription; most of those that are ended are gone with their folder.
func (n notifications) remove(dir string) {
	if n.fsw != nil {
		_ = n.fsw.Remove(dir)
	}
}

func (n notifications) close() error {
	if n.fsw == nil {
		return nil
	}
	return n.fsw.Close()
}

// additions are folders that are to be watched from now on.
type additions struct {
	mu   sync.Mutex // guards dirs
	dirs []string
	wake chan struct{} // has a value while there are some
}

func newAdditions() *additions { return &additions{wake: make(chan struct{}, 1)} }

func (a *additions) put(dirs []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dirs = append(a.dirs, dirs...)
	select {
	case a.wake <- struct{}{}:
	default: // it is awake
	}
}

func (a *additions) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	dirs := a.dirs
	a.dirs = nil
	return dirs
}

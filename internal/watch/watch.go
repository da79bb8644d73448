// Package watch turns file-system notifications into batches of changed paths.
//
// A [Watcher] follows whole folders, including what appears in them later. It sends
// a [Batch] once the files have been quiet for Options.Quiet, and at the latest
// Options.Cap after the first notification, so neither an editor that writes in
// several steps nor a stream of saves delays the answer for long.
//
// A path is reported only if what a reader sees changed: the file appeared, went
// away, or has other bytes. Nothing is read when watching starts. The walk notes
// size and time of each file; contents are hashed once it is quiet, a few files at a
// time, and whenever a notification arrives. A file that is emptied and filled again
// counts as one change.
//
// Links are followed: a change behind a link is reported under the path of the link.
// Where the system sends no notifications (network and container mounts, a limit of the
// system that is reached) the folder is compared at intervals instead. After an overflow of the notification queue
// everything is compared, and the batch says so.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Poll says which folders are compared at intervals.
type Poll string

// The ways to learn of changes.
const (
	PollAuto   Poll = ""       // folders on file systems that send no notifications
	PollAlways Poll = "always" // every folder
	PollNever  Poll = "never"  // none
)

// Options configures a [Watcher]. Only Dirs or Files is required.
type Options struct {
	// Dirs are watched with everything below them. A folder that does not exist yet is
	// watched once it appears.
	Dirs []string
	// Files are watched on their own, wherever they lie; they need not exist yet.
	Files []string
	// Ignore leaves out files, and folders with everything below them. It gets absolute
	// paths as they are reported, is never asked about Dirs and Files themselves, and may
	// be called from another goroutine than New's, one call at a time. Nil ignores nothing.
	Ignore func(path string, isDir bool) bool
	// Rules are asked as well, and are read again, with a full comparison, when one of
	// their files changes. What they say of Dirs themselves does not count, so that a
	// folder may be watched that git ignores. Nil means no rules.
	Rules *Rules
	// Quiet is how long no notification may arrive before a batch is sent; default 5 ms. One
	// file that its writer is known to have closed does not wait for the end of it.
	Quiet time.Duration
	// Cap bounds how long a batch may wait after its first notification; default 80 ms.
	Cap time.Duration
	// Poll chooses the folders that are compared at intervals; default [PollAuto].
	Poll Poll
	// PollInterval is the least time between two comparisons; default 300 ms. It grows
	// with the time a comparison takes.
	PollInterval time.Duration
	// Log gets what is not worth ending for, such as an unreadable folder; nil discards.
	Log *slog.Logger
}

// Batch is what changed since the batch before.
type Batch struct {
	// Paths are absolute, sorted and without repeats. A path that no longer exists was
	// deleted or renamed. Folders are named only through the files in them.
	Paths []string
	// Rescan says that notifications were lost: Paths is what a full comparison found, and
	// a file that changed twice in between is in it once.
	Rescan bool
}

const (
	// defaultQuiet covers the steps of one save: truncate and write, or write and rename.
	defaultQuiet = 5 * time.Millisecond
	// defaultCap keeps a stream of saves from starving the reader; a person does not
	// notice a tenth of a second.
	defaultCap = 80 * time.Millisecond
	// defaultPollInterval is a compromise between what a person notices and what a network
	// mount can bear.
	defaultPollInterval = 300 * time.Millisecond
	// eventBuffer takes the kernel's queue over while files are being hashed.
	eventBuffer = 4096 // notifications
)

// A Watcher follows the folders and files of its Options: New, then Run once. Only
// [Watcher.Add] and [Watcher.Follow] may be called from other goroutines.
type Watcher struct {
	opts   Options
	from   notifications
	tree   tree
	more   *additions
	wishes chan wish
	ended  chan struct{} // closed when Run hears no wishes any more
}

// New starts watching, so that nothing that happens after it is missed; [Watcher.Run]
// must be called to free what it holds.
func New(opts Options) (*Watcher, error) {
	opts, err := withDefaults(opts)
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	opts.Rules.keepOpen(opts.Dirs)
	fsw, err := fsnotify.NewBufferedWatcher(eventBuffer)
	return newWatcher(opts, fsw, err)
}

// newWatcher watches by the system's notifications or, when it refuses them for a limit,
// without.
func newWatcher(opts Options, fsw *fsnotify.Watcher, err error) (*Watcher, error) {
	from := notifications{fsw}
	w := &Watcher{opts: opts, from: from, tree: newTree(opts, from), more: newAdditions(), wishes: make(chan wish), ended: make(chan struct{})}
	if err != nil {
		limit, ok := errors.AsType[*LimitError](limitOf("", err))
		if !ok {
			return nil, fmt.Errorf("watch: %w", err)
		}
		w.from, w.tree.from = notifications{}, notifications{}
		w.tree.overLimit(limit)
	}
	w.plant()
	return w, nil
}

// Add watches more folders, with everything below them, from now on. Their files are
// reported once: what happened to them before is unknown. Folders that are watched already
// change nothing.
func (w *Watcher) Add(dirs ...string) {
	if all, err := absolute(dirs); err == nil && len(all) > 0 {
		w.more.put(all)
	}
}

// wish is what Follow asks the loop for.
type wish struct {
	dirs, files []string
	done        chan struct{}
}

// Follow watches more folders and files as they are when it returns: unlike those of Add
// they are reported when they change, not before. What is watched already may be among
// them. It waits for Run, whose fn may call it; after the end it does nothing.
func (w *Watcher) Follow(dirs, files []string) {
	dirs, dirErr := absolute(dirs)
	files, fileErr := absolute(files)
	if dirErr != nil || fileErr != nil {
		return
	}
	more := wish{dirs, files, make(chan struct{})}
	select {
	case w.wishes <- more:
		<-more.done
	case <-w.ended:
	}
}

func withDefaults(o Options) (Options, error) {
	var err error
	if o.Dirs, err = absolute(o.Dirs); err != nil {
		return o, err
	}
	if o.Files, err = absolute(o.Files); err != nil {
		return o, err
	}
	if o.Quiet <= 0 {
		o.Quiet = defaultQuiet
	}
	if o.Cap <= 0 {
		o.Cap = defaultCap
	}
	if o.PollInterval <= 0 {
		o.PollInterval = defaultPollInterval
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// asked reports whether the caller wants to hear of a path.
func (o Options) asked(path string) bool {
	return slices.Contains(o.Files, path) ||
		slices.ContainsFunc(o.Dirs, func(dir string) bool { return within(path, dir) })
}

func absolute(paths []string) ([]string, error) {
	list := make([]string, len(paths))
	for i, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		list[i] = abs
	}
	return list, nil
}

// plant takes the first look at everything.
func (w *Watcher) plant() {
	paths := slices.Concat(w.opts.Dirs, w.opts.Files)
	if w.opts.Rules != nil {
		paths = append(paths, w.opts.Rules.file())
	}
	for _, path := range paths {
		w.tree.addView(path)
	}
}

// Watching returns how many files are known. It must not be called while Run runs.
func (w *Watcher) Watching() int { return len(w.tree.files) }

// Run calls fn with each batch until ctx is done, then returns nil once fn has
// returned and everything is freed. fn is called from one goroutine at a time; what
// changes while it works is in the next batch. An error means that the system stopped
// sending notifications.
func (w *Watcher) Run(ctx context.Context, fn func(Batch)) error {
	l := newLoop(w, fn)
	err := l.run(ctx)
	close(w.ended)
	l.wait()
	if cerr := w.from.close(); cerr != nil && err == nil {
		err = fmt.Errorf("watch: %w", cerr)
	}
	return err
}

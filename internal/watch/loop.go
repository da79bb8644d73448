package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// closedAfter is how long one file that its writer has closed must be quiet: tools that
	// write several do so at once.
	closedAfter = 2 * time.Millisecond
	// retryAfter and maxTries bound how long a file that seems to be in the middle of a
	// save (absent, empty or growing) is waited for: 60 ms. The slowest editor measured
	// leaves the file empty for 20 ms.
	retryAfter = 10 * time.Millisecond
	maxTries   = 6
	// warmAfter leaves the machine to the first page before contents are read.
	warmAfter = 300 * time.Millisecond
	// warmPause and warmFiles keep that reading in the background: 5,000 files take 2 s.
	warmPause = 10 * time.Millisecond
	warmFiles = 25
	// pollShare bounds what comparing may cost: a tenth of the time.
	pollShare = 10
)

// errSilent should not happen: the channel is closed by Close, which Run calls last.
var errSilent = errors.New("watch: the system stopped sending notifications")

// loop is one Run: it collects notifications, looks at what they name, and hands over
// batches. All its fields belong to the goroutine of run.
type loop struct {
	w    *Watcher
	fn   func(Batch)
	done chan struct{} // one value each time fn returned

	pending map[string]int // real path → how often it was looked at in vain
	lost    bool           // notifications were lost: compare everything
	since   time.Time      // of the first notification that is pending
	noted   time.Time      // the last one
	timer   *time.Timer    // when to look at what is pending

	ready map[string]bool // paths for the next batch
	found bool            // the next batch holds the result of a full comparison
	busy  bool            // fn is working
	cold  []string        // files whose content was never looked at
	armed bool            // the next comparison has its time
	asked []string        // what Follow has added
}

func newLoop(w *Watcher, fn func(Batch)) *loop {
	return &loop{
		w: w, fn: fn, done: make(chan struct{}, 1),
		pending: map[string]int{}, ready: map[string]bool{},
		timer: stopped(), cold: slices.Collect(maps.Keys(w.tree.files)),
	}
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

func (l *loop) run(ctx context.Context) error {
	warm := time.NewTimer(warmAfter)
	poll := stopped()
	defer warm.Stop()
	defer poll.Stop()
	defer l.timer.Stop()
	l.schedulePoll(poll, 0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev, ok := <-l.w.from.events():
			if !ok {
				return errSilent
			}
			l.note(ev)
		case err := <-l.w.from.errors():
			l.fail(err)
		case <-l.timer.C:
			if !l.tooEarly() {
				l.settle()
				l.schedulePoll(poll, 0)
			}
		case <-poll.C:
			l.compare(poll)
		case <-l.w.more.wake:
			l.watchMore()
			l.schedulePoll(poll, 0)
		case more := <-l.w.wishes:
			l.follow(more)
			l.schedulePoll(poll, 0)
		case <-warm.C:
			l.warm(warm)
		case <-l.done:
			l.busy = false
		}
		l.hand()
	}
}

// wait returns once fn is no longer running.
func (l *loop) wait() {
	if l.busy {
		<-l.done
	}
}

// note takes a notification in and puts off the look at it until it is quiet.
func (l *loop) note(ev fsnotify.Event) {
	path := filepath.Clean(ev.Name)
	if ev.Op == fsnotify.Chmod && !l.w.tree.unread[path] { // time and permissions: nothing that a reader sees
		return
	}
	anchor := l.w.tree.names[path] || l.w.tree.shallow[path]
	if !l.w.tree.concerns(path) || len(l.w.tree.visible(path, false)) == 0 && !anchor {
		return
	}
	l.pending[path] = 0
	l.putOff()
}

func (l *loop) fail(err error) {
	if errors.Is(err, fsnotify.ErrEventOverflow) {
		l.lost = true
		l.putOff()
		return
	}
	l.w.opts.Log.Warn(fmt.Sprintf("watching: %v", err), slog.String("event", "watch.error"))
}

// putOff sets the timer to the first time from now when a save may be over, or to what Cap
// leaves of that.
func (l *loop) putOff() {
	l.noted = time.Now()
	if l.since.IsZero() {
		l.since = l.noted
	}
	l.timer.Reset(min(l.w.opts.Quiet, closedAfter, l.since.Add(l.w.opts.Cap).Sub(l.noted)))
}

// tooEarly puts off the look at what is pending until Quiet is over, unless it is one file
// that nobody has open for writing: nothing more belongs to such a save.
func (l *loop) tooEarly() bool {
	now := time.Now()
	rest := min(l.noted.Add(l.w.opts.Quiet).Sub(now), l.since.Add(l.w.opts.Cap).Sub(now))
	if l.since.IsZero() || rest <= 0 || !l.lost && len(l.pending) == 1 && l.closed() {
		return false
	}
	l.timer.Reset(rest)
	return true
}

// closed reports that all pending files are known to be closed by who wrote them, and that
// something is in them.
func (l *loop) closed() bool {
	for path := range l.pending {
		if !isClosed(path) {
			return false
		}
	}
	return true
}

// settle looks at everything that is pending.
func (l *loop) settle() {
	l.since = time.Time{}
	if l.lost {
		l.lost, l.found = false, true
		clear(l.pending)
		l.rescan()
		return
	}
	paths := slices.Sorted(maps.Keys(l.pending))
	for _, path := range paths {
		if !l.w.tree.single(path) {
			delete(l.pending, path)
			l.collect(l.w.tree.resync(path)...)
		}
	}
	for _, path := range paths {
		if tries, ok := l.pending[path]; ok {
			l.judge(path, tries)
		}
	}
	if len(l.pending) > 0 {
		l.timer.Reset(retryAfter)
	}
}

func (l *loop) judge(path string, tries int) {
	switch l.w.tree.judge(path, tries >= maxTries) {
	case unsettled:
		l.pending[path] = tries + 1
		return
	case changed:
		l.collect(path)
	case unchanged:
	}
	delete(l.pending, path)
}

// watchMore follows the folders that were added, and reports their files.
func (l *loop) watchMore() {
	for _, dir := range l.w.more.take() {
		for _, path := range l.w.tree.addMore(dir) {
			l.cold = append(l.cold, path)
			l.collect(path)
		}
	}
}

// follow takes up what else is to be watched, and reports nothing of it.
func (l *loop) follow(more wish) {
	defer close(more.done)
	l.w.opts.Rules.keepOpen(more.dirs)
	for _, path := range slices.Concat(more.dirs, more.files) {
		if !slices.Contains(l.w.tree.views[realName(path)], path) {
			l.asked = append(l.asked, path)
			l.w.tree.addView(path)
		}
	}
}

// rescan compares everything.
func (l *loop) rescan() {
	for _, path := range slices.Sorted(maps.Keys(l.w.tree.views)) {
		l.collect(l.w.tree.resync(path)...)
	}
}

// collect puts changed files into the next batch, under the caller's names.
func (l *loop) collect(paths ...string) {
	for _, path := range paths {
		for _, shown := range l.w.tree.visible(path, false) {
			l.add(shown)
		}
	}
}

func (l *loop) add(shown string) {
	if l.w.opts.Rules.owns(shown) {
		l.w.opts.Rules.Reload()
		l.lost = true
		l.putOff()
		if !l.w.opts.asked(shown) && !slices.ContainsFunc(l.asked, func(path string) bool { return within(shown, path) }) {
			return // it was watched for the rules only
		}
	}
	l.ready[shown] = true
}

// compare takes the place of notifications for the folders that send none.
func (l *loop) compare(poll *time.Timer) {
	start := time.Now()
	l.armed = false
	for _, path := range slices.Sorted(maps.Keys(l.w.tree.polled)) {
		l.collect(l.w.tree.resync(path)...)
	}
	l.schedulePoll(poll, time.Since(start))
}

func (l *loop) schedulePoll(poll *time.Timer, took time.Duration) {
	if len(l.w.tree.polled) > 0 && !l.armed {
		l.armed = true
		poll.Reset(max(l.w.opts.PollInterval, pollShare*took))
	}
}

// warm hashes some of the files that were never looked at, unless there is work.
func (l *loop) warm(timer *time.Timer) {
	if len(l.pending) == 0 && !l.busy {
		n := min(warmFiles, len(l.cold))
		for _, path := range l.cold[:n] {
			l.w.tree.warm(path)
		}
		l.cold = l.cold[n:]
	}
	if len(l.cold) > 0 {
		timer.Reset(warmPause)
	}
}

// hand gives fn the next batch, if there is one and fn is free.
func (l *loop) hand() {
	if l.busy || len(l.ready) == 0 && !l.found {
		return
	}
	b := Batch{Paths: slices.Sorted(maps.Keys(l.ready)), Rescan: l.found}
	l.ready, l.found = map[string]bool{}, false
	l.busy = true
	go func() {
		l.fn(b)
		l.done <- struct{}{}
	}()
}

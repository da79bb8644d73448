package watch

import (
	"os"
	"testing"
	"time"
)

func TestPollingSeesWhatNotificationsWould(t *testing.T) {
	p := watching(t, Options{Poll: PollAlways, PollInterval: time.Millisecond}, "a.css", "gone/b.css", "same.css")
	for _, dir := range p.w.from.fsw.WatchList() {
		if within(dir, p.dir) {
			t.Errorf("%s is subscribed although it is polled", dir)
		}
	}
	p.write("a.css", "new content")
	p.write("sub/c.css", "x")
	p.do(os.RemoveAll(p.path("gone")))
	p.expect("a.css", "gone/b.css", "sub/c.css")
	p.write("sub/c.css", "y!")
	p.expect("sub/c.css")
	later := time.Now().Add(time.Hour)
	p.do(os.Chtimes(p.path("sub/c.css"), later, later)) // content known by now
	p.expect()
}

func TestPollingWaitsForAFolder(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.start(Options{Dirs: []string{p.path("later")}, Poll: PollAlways, PollInterval: time.Millisecond})
	p.write("later/a.css", "x")
	p.expect("later/a.css")
}

func TestWithoutPollingNothingIsCompared(t *testing.T) {
	p := watching(t, Options{Poll: PollNever}, "a.css")
	p.write("a.css", "new")
	p.expect("a.css")
	if len(p.w.tree.polled) > 0 {
		t.Errorf("polled: %v", p.w.tree.polled)
	}
}

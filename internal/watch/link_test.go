package watch

import (
	"os"
	"path/filepath"
	"testing"
)

func TestChangeBehindALinkIsReportedUnderTheLink(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("elsewhere/theme.css", "x")
	p.write("elsewhere/unrelated.css", "x")
	p.write("pkg/lib/a.js", "x")
	p.write("src/own.css", "x")
	p.do(os.Symlink("../elsewhere/theme.css", p.path("src/theme.css")))
	p.do(os.Symlink("../pkg/lib", p.path("src/lib")))
	p.start(Options{Dirs: []string{p.path("src")}})
	p.write("elsewhere/theme.css", "new")
	p.write("elsewhere/unrelated.css", "new")
	p.write("pkg/lib/a.js", "new")
	p.write("pkg/lib/b.js", "new")
	p.expect("src/lib/a.js", "src/lib/b.js", "src/theme.css")
}

func TestLinkThatIsTurnedElsewhereIsAChange(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("one.css", "1")
	p.write("two.css", "2")
	p.do(os.MkdirAll(p.path("src"), 0o755))
	p.do(os.Symlink("../one.css", p.path("src/a.css")))
	p.start(Options{Dirs: []string{p.path("src")}})
	p.do(os.Symlink("../two.css", p.path("new")))
	p.do(os.Rename(p.path("new"), p.path("src/a.css")))
	p.expect("src/a.css")
	p.write("one.css", "no longer of interest")
	p.write("two.css", "new")
	p.expect("src/a.css")
}

func TestWatchedFolderMayItselfBeALink(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("releases/1/a.css", "1")
	p.write("releases/2/a.css", "22")
	p.do(os.Symlink("releases/1", p.path("current")))
	p.start(Options{Dirs: []string{p.path("current")}})
	p.write("releases/1/a.css", "new")
	p.expect("current/a.css")
	p.do(os.Symlink("releases/2", p.path("next")))
	p.do(os.Rename(p.path("next"), p.path("current")))
	p.expect("current/a.css")
	p.write("releases/2/a.css", "newer")
	p.expect("current/a.css")
}

func TestLinksThatLeadInCirclesEnd(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("src/a/x.js", "x")
	p.do(os.Symlink("..", p.path("src/a/up")))
	p.do(os.Symlink("../..", p.path("src/a/out")))
	p.do(os.Symlink("self", p.path("src/self")))
	p.do(os.Symlink("nowhere", p.path("src/dangling")))
	p.start(Options{Dirs: []string{p.path("src")}})
	p.write("src/a/x.js", "new")
	p.expect("src/a/x.js")
	for _, dir := range p.w.from.fsw.WatchList() {
		if rest, err := filepath.Rel(p.path("src"), dir); err == nil && filepath.Base(rest) == "out" {
			t.Errorf("%s is watched", dir)
		}
	}
}

func TestDanglingLinkIsReportedWhenItsTargetAppears(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.do(os.MkdirAll(p.path("src"), 0o755))
	p.do(os.Symlink("../built/app.css", p.path("src/app.css")))
	p.start(Options{Dirs: []string{p.path("src")}})
	p.write("built/app.css", "x")
	p.expect("src/app.css")
}

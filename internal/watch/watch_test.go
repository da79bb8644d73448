package watch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"
)

func TestWhatIsFollowedLaterCountsFromThen(t *testing.T) {
	elsewhere := realDir(t)
	p := watching(t, Options{}, "a.css")
	env, deep := filepath.Join(elsewhere, "made.later"), filepath.Join(elsewhere, "api")
	p.do(os.MkdirAll(filepath.Join(deep, "sub"), 0o755))
	p.do(os.WriteFile(filepath.Join(deep, "sub", "old.php"), []byte("old"), 0o644))
	p.do(os.WriteFile(filepath.Join(deep, "sub", "same.php"), []byte("same"), 0o644))
	p.w.Follow([]string{deep, p.dir}, []string{env})
	p.do(os.WriteFile(env, []byte("new"), 0o644))
	p.do(os.WriteFile(filepath.Join(deep, "sub", "old.php"), []byte("newer"), 0o644))
	p.do(os.WriteFile(filepath.Join(elsewhere, "other"), []byte("new"), 0o644))
	p.write("a.css", "new")
	p.expect("a.css", env, filepath.Join(deep, "sub", "old.php"))
}

func TestFollowAfterTheEndReturns(t *testing.T) {
	w, err := New(Options{Dirs: []string{realDir(t)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Run(ctx, func(Batch) {}); err != nil {
		t.Error(err)
	}
	w.Follow([]string{realDir(t)}, nil)
}

func TestEditIsReportedWithItsAbsolutePath(t *testing.T) {
	p := watching(t, Options{}, "app/a.css", "app/b.css")
	p.write("app/a.css", "new")
	batches := p.expect("app/a.css")
	if diff := cmp.Diff(Batch{Paths: []string{p.path("app/a.css")}}, batches[0]); diff != "" {
		t.Errorf("first batch (-want +got):\n%s", diff)
	}
}

func TestSaveThatChangesNothingIsNotReported(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.write("a.css", "new")
	p.expect("a.css")
	p.write("a.css", "new")
	p.do(os.Chtimes(p.path("a.css"), time.Now(), time.Now()))
	p.expect()
}

func TestTouchOfAFileNeverReadIsNotReported(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.do(os.Chtimes(p.path("a.css"), time.Now(), time.Now()))
	p.do(os.Chmod(p.path("a.css"), 0o600))
	p.expect()
}

func TestContentsAreLearnedInTheBackground(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	old := time.Now().Add(-time.Hour)
	p.do(os.Chtimes(p.path("a.css"), old, old))
	tr := newTree(Options{}, p.w.from)
	tr.addView(p.dir)
	tr.warm(p.path("a.css"))
	p.write("a.css", "old a.css")
	if got := tr.judge(p.path("a.css"), false); got != unchanged {
		t.Errorf("a save of the same bytes: verdict %v, want unchanged", got)
	}
	p.write("a.css", "another")
	if got := tr.judge(p.path("a.css"), false); got != changed {
		t.Errorf("a save of other bytes: verdict %v, want changed", got)
	}
}

func TestNewFilesAndFoldersAreReportedAndFollowed(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.write("one/two/three/deep.js", "x")
	p.write("new.html", "x")
	p.expect("new.html", "one/two/three/deep.js")
	p.write("one/two/three/deep.js", "y")
	p.expect("one/two/three/deep.js")
}

func TestRenamedFileIsReportedUnderBothNames(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.do(os.Rename(p.path("a.css"), p.path("b.css")))
	p.expect("a.css", "b.css")
}

func TestRenamedFolderIsFollowedUnderItsNewName(t *testing.T) {
	p := watching(t, Options{}, "a/x/1.js", "a/x/2.js")
	p.do(os.Rename(p.path("a"), p.path("b")))
	p.expect("a/x/1.js", "a/x/2.js", "b/x/1.js", "b/x/2.js")
	p.write("b/x/1.js", "again")
	p.expect("b/x/1.js")
	p.write("a/x/1.js", "back")
	p.expect("a/x/1.js")
}

func TestDeletedFolderIsReportedByItsFilesAndFollowedWhenItReturns(t *testing.T) {
	p := watching(t, Options{}, "a/x/1.js", "a/2.js")
	p.do(os.RemoveAll(p.path("a")))
	p.expect("a/2.js", "a/x/1.js")
	p.write("a/x/1.js", "again")
	p.expect("a/x/1.js")
}

func TestFolderReplacedAtOnceIsFollowed(t *testing.T) {
	p := watching(t, Options{}, "a/same.js", "a/other.js")
	p.write("tmp-a/same.js", "old a/same.js")
	p.write("tmp-a/other.js", "replaced")
	p.expect("tmp-a/other.js", "tmp-a/same.js")
	p.do(os.RemoveAll(p.path("a")))
	p.do(os.Rename(p.path("tmp-a"), p.path("a")))
	p.expect("a/other.js", "a/same.js", "tmp-a/other.js", "tmp-a/same.js")
	p.write("a/same.js", "edit")
	p.expect("a/same.js")
}

// times counts the batches that name a path.
func times(batches []Batch, path string) int {
	n := 0
	for _, b := range batches {
		if slices.Contains(b.Paths, path) {
			n++
		}
	}
	return n
}

func TestAtomicSaveIsOneChangeOfOneFile(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.write(".a.css.123.tmp", "new")
	p.do(os.Rename(p.path(".a.css.123.tmp"), p.path("a.css")))
	if n := times(p.expect("a.css"), p.path("a.css")); n != 1 {
		t.Errorf("the save was reported %d times", n)
	}
}

func TestSaveThroughABackupIsOneChangeOfOneFile(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.do(os.Rename(p.path("a.css"), p.path("a.css~")))
	p.write("a.css", "new")
	if n := times(p.expect("a.css"), p.path("a.css")); n != 1 {
		t.Errorf("the save was reported %d times", n)
	}
}

func TestTruncatedFileIsWaitedFor(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	if got := p.w.tree.judgeEmptied(t, p.path("a.css")); got != unsettled {
		t.Errorf("an emptied file: verdict %v, want unsettled", got)
	}
}

// judgeEmptied looks at a file in the middle of a truncating save, on a tree of its own.
func (t *tree) judgeEmptied(tt *testing.T, path string) verdict {
	tt.Helper()
	own := newTree(Options{}, t.from)
	own.addView(filepath.Dir(path))
	if err := os.Truncate(path, 0); err != nil {
		tt.Fatal(err)
	}
	return own.judge(path, false)
}

func TestFileEmptiedForGoodIsReported(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	p.do(os.Truncate(p.path("a.css"), 0))
	p.expect("a.css")
}

func TestStreamOfSavesDoesNotStarveTheReader(t *testing.T) {
	p := watching(t, Options{Quiet: time.Hour}, "a.css")
	for i := 0; ; i++ { // Quiet never comes: only Cap can send a batch
		p.write("a.css", fmt.Sprint(i))
		select {
		case b := <-p.batches:
			if diff := cmp.Diff([]string{p.path("a.css")}, b.Paths); diff != "" {
				t.Errorf("batch (-want +got):\n%s", diff)
			}
			return
		default:
		}
	}
}

func TestOneFileThatItsWriterHasClosedNeedsNoQuiet(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells who writes")
	}
	p := watching(t, Options{Quiet: time.Hour, Cap: time.Hour}, "a.css")
	p.write("a.css", "new")
	if diff := cmp.Diff([]string{p.path("a.css")}, (<-p.batches).Paths); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

func TestChangesDuringWorkComeInOneLaterBatch(t *testing.T) {
	dir := realDir(t)
	w, err := New(Options{Dirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches, proceed, ended := make(chan Batch), make(chan struct{}), make(chan error)
	go func() {
		ended <- w.Run(ctx, func(b Batch) { batches <- b; <-proceed })
	}()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	if diff := cmp.Diff(Batch{Paths: []string{filepath.Join(dir, "first")}}, <-batches); diff != "" {
		t.Errorf("first batch (-want +got):\n%s", diff)
	}
	write("second")
	write("third")
	cancel() // Run must wait for the work in hand
	select {
	case err := <-ended:
		t.Errorf("Run returned (%v) while the work went on", err)
	case proceed <- struct{}{}:
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestLastWriteWins(t *testing.T) {
	dir := realDir(t)
	path := filepath.Join(dir, "a.css")
	w, err := New(Options{Dirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen, ended := make(chan string, 10000), make(chan error, 1)
	go func() {
		ended <- w.Run(ctx, func(Batch) {
			text, _ := os.ReadFile(path)
			seen <- string(text)
		})
	}()
	const writes = 300
	for i := range writes {
		if err := os.WriteFile(path, fmt.Appendf(nil, "v%d", i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for last := ""; last != fmt.Sprintf("v%d", writes-1); {
		select {
		case last = <-seen:
		case <-time.After(patience):
			t.Fatalf("the last state a batch led to is %q", last)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestThousandsOfFilesAtOnce(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	var want []string
	for i := range 3000 {
		name := fmt.Sprintf("d%d/f%d.js", i%60, i)
		p.write(name, "x")
		want = append(want, name)
	}
	p.expect(want...)
}

func TestLostNotificationsLeadToAFullComparison(t *testing.T) {
	p := watching(t, Options{Ignore: func(path string, _ bool) bool { return filepath.Base(path) == "unseen" }}, "a.css", "b.css")
	p.do(p.w.from.fsw.Remove(p.dir)) // from here on the system says nothing
	p.write("b.css", "new")
	p.write("sub/c.css", "new")
	p.w.from.fsw.Errors <- fsnotify.ErrEventOverflow
	batches := p.expect("b.css", "sub/c.css")
	if !batches[0].Rescan {
		t.Errorf("the batch does not say that it is a full comparison: %+v", batches[0])
	}
	p.write("a.css", "watched again")
	p.expect("a.css")
}

func TestFolderThatDoesNotExistYetIsWatchedOnceItAppears(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.start(Options{Dirs: []string{p.path("not/yet")}})
	p.write("not/other.txt", "x")
	p.write("not/yet/a.css", "x")
	p.expect("not/yet/a.css")
	p.do(os.RemoveAll(p.path("not")))
	p.expect("not/yet/a.css")
	p.write("not/yet/a.css", "again")
	p.expect("not/yet/a.css")
	p.write("not/yet/a.css", "and again")
	p.expect("not/yet/a.css")
}

func TestSingleFilesAreWatchedWithoutTheirNeighbours(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("bower.json", "{}")
	p.start(Options{Dirs: []string{p.path("src")}, Files: []string{p.path("bower.json"), p.path("realtimectl.yaml")}})
	p.write("other.json", "{}")
	p.write("bower.json", `{"name":"x"}`)
	p.write("realtimectl.yaml", "x-a: 1")
	p.expect("bower.json", "realtimectl.yaml")
	p.do(os.Remove(p.path("realtimectl.yaml")))
	p.expect("realtimectl.yaml")
	p.write("realtimectl.yaml", "x-a: 2")
	p.expect("realtimectl.yaml")
}

func TestIgnoredPathsAreNeitherReportedNorWatched(t *testing.T) {
	ignore := func(path string, isDir bool) bool { return isDir && filepath.Base(path) == "node_modules" }
	p := watching(t, Options{Ignore: ignore}, "node_modules/x/a.js", "a.js")
	p.write("node_modules/x/a.js", "new")
	p.write("sub/node_modules/y/b.js", "new")
	p.write("sub/c.js", "new")
	p.expect("sub/c.js")
	for _, dir := range p.w.from.fsw.WatchList() {
		if filepath.Base(filepath.Dir(dir)) == "node_modules" {
			t.Errorf("%s is watched", dir)
		}
	}
}

func TestWhatEditorsKeepBesideFilesIsIgnored(t *testing.T) {
	p := watching(t, Options{}, "a.css")
	for _, name := range []string{".a.css.swp", "4913", "a.css~", "#a.css#", ".#a.css", "a.css___jb_tmp___", ".DS_Store"} {
		p.write(name, "x")
	}
	p.expect()
}

func TestUnreadableFolderIsNoReasonToStop(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("a.css", "x")
	p.do(os.MkdirAll(p.path("secret"), 0o000))
	p.start(Options{})
	p.write("a.css", "y")
	p.expect("a.css")
}

// BenchmarkSetUp5000Files is what starting costs: 5,000 files in 500 folders.
func BenchmarkSetUp5000Files(b *testing.B) {
	dir := b.TempDir()
	for i := range 500 {
		sub := filepath.Join(dir, fmt.Sprintf("d%d", i))
		if err := os.Mkdir(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		for j := range 10 {
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%d.js", j)), []byte("x"), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	rules := NewRules(dir, ".git/", "node_modules/", "*.log")
	b.ReportAllocs()
	for b.Loop() {
		w, err := New(Options{Dirs: []string{dir}, Rules: rules})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := w.from.fsw.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// slowEditor empties a file and fills it later, as some editors and network shares do.
func slowEditor(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(3 * defaultQuiet) // longer than a batch waits for quiet
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReaderNeverSeesTheMiddleOfASlowSave(t *testing.T) {
	dir := realDir(t)
	path := filepath.Join(dir, "a.css")
	if err := os.WriteFile(path, []byte("v0"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := New(Options{Dirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen, ended := make(chan string, 100), make(chan error, 1)
	go func() {
		ended <- w.Run(ctx, func(Batch) {
			text, _ := os.ReadFile(path)
			seen <- string(text)
		})
	}()
	for i := range 5 {
		want := fmt.Sprintf("v%d", i+1)
		slowEditor(t, path, want)
		select {
		case got := <-seen:
			if got != want {
				t.Errorf("save %d: a reader saw %q, want %q", i+1, got, want)
			}
		case <-time.After(patience):
			t.Fatalf("save %d was not reported", i+1)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestCheckoutOfThousandsOfFilesIsSeenWhole lets git itself change a work tree: files
// change, come and go by the thousand, in folders that come and go with them.
func TestCheckoutOfThousandsOfFilesIsSeenWhole(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIPPED: git is not installed")
	}
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 10000)}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", p.dir, "-c", "user.name=x", "-c", "user.email=x@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	const files = 2000
	var want []string
	name := func(kind string, i int) string { return fmt.Sprintf("%s%d/f%d.js", kind, i%40, i) }
	git("init", "-q", "-b", "one")
	for i := range files {
		p.write(name("same", i), "one")
		p.write(name("gone", i), "one")
		want = append(want, name("same", i), name("gone", i), name("new", i))
	}
	git("add", ".")
	git("commit", "-qm", "one")
	git("checkout", "-q", "-b", "two")
	for i := range files {
		p.write(name("same", i), "two")
		p.write(name("new", i), "two")
	}
	for i := range 40 {
		p.do(os.RemoveAll(p.path(fmt.Sprintf("gone%d", i))))
	}
	git("add", "-A")
	git("commit", "-qm", "two")
	git("checkout", "-q", "one")
	p.start(Options{Rules: NewRules(p.dir, ".git/")})
	git("checkout", "-q", "two")
	p.expect(want...)
	p.write(name("new", 7), "again") // what came is followed
	p.expect(name("new", 7))
}

func TestFolderThatIsAddedIsFollowedAndItsFilesAreReportedOnce(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 1000)}
	p.write("src/a.css", "old")
	p.write("beside/b.css", "old")
	p.start(Options{Dirs: []string{p.path("src")}})
	p.w.Add(p.path("beside"), p.path("src"), p.path("later"))
	p.expect("beside/b.css")
	p.write("beside/b.css", "new")
	p.write("beside/deep/c.css", "new")
	p.write("later/d.css", "new")
	p.expect("beside/b.css", "beside/deep/c.css", "later/d.css")
	p.w.Add(p.path("beside/deep"))
	p.write("src/a.css", "new")
	p.expect("src/a.css")
}

func TestFolderThatBecomesReadableIsFollowed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	p := watching(t, Options{}, "locked/a.css")
	p.do(os.Chmod(p.path("locked"), 0))
	p.expect()
	p.do(os.Chmod(p.path("locked"), 0o755))
	p.write("locked/a.css", "new")
	p.expect("locked/a.css")
}

// editors are the ways in which programs save, as seen from outside.
func editors() map[string]func(p *project, path, text string) {
	write := func(p *project, path, text string) { p.do(os.WriteFile(path, []byte(text), 0o644)) }
	return map[string]func(p *project, path, text string){
		"vim": func(p *project, path, text string) {
			dir := filepath.Dir(path)
			write(p, filepath.Join(dir, ".a.css.swp"), "swap")
			write(p, filepath.Join(dir, "4913"), "")
			p.do(os.Remove(filepath.Join(dir, "4913")))
			p.do(os.Rename(path, path+"~"))
			write(p, path, text)
			p.do(os.Remove(path + "~"))
			p.do(os.Remove(filepath.Join(dir, ".a.css.swp")))
		},
		"JetBrains": func(p *project, path, text string) {
			write(p, path+"___jb_tmp___", text)
			p.do(os.Rename(path, path+"___jb_old___"))
			p.do(os.Rename(path+"___jb_tmp___", path))
			p.do(os.Remove(path + "___jb_old___"))
		},
		"Emacs": func(p *project, path, text string) {
			dir := filepath.Dir(path)
			lock := filepath.Join(dir, ".#a.css")
			p.do(os.Symlink("me@host.1234:5678", lock))
			write(p, filepath.Join(dir, "#a.css#"), text)
			p.do(os.Rename(path, path+"~"))
			write(p, path, text)
			p.do(os.Remove(filepath.Join(dir, "#a.css#")))
			p.do(os.Remove(lock))
		},
		"gedit": func(p *project, path, text string) {
			temp := filepath.Join(filepath.Dir(path), ".goutputstream-X1Y2Z3")
			write(p, temp, text)
			p.do(os.Rename(temp, path))
		},
		"Kate": func(p *project, path, text string) {
			write(p, filepath.Join(filepath.Dir(path), ".a.css.kate-swp"), "swap")
			write(p, path, text)
			p.do(os.Remove(filepath.Join(filepath.Dir(path), ".a.css.kate-swp")))
		},
		"VS Code": func(p *project, path, text string) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
			p.do(err)
			_, err = f.WriteString(text)
			p.do(err)
			p.do(f.Close())
		},
		"sed -i": func(p *project, path, text string) {
			temp := filepath.Join(filepath.Dir(path), "sedAbC123")
			write(p, temp, text)
			p.do(os.Rename(temp, path))
		},
	}
}

func TestSaveOfAnyEditorIsOneChangeOfOneFile(t *testing.T) {
	for name, save := range editors() {
		t.Run(name, func(t *testing.T) {
			p := watching(t, Options{}, "a.css", "other.css")
			save(p, p.path("a.css"), "new content")
			if batches := p.expect("a.css"); times(batches, p.path("a.css")) != 1 {
				t.Errorf("reported %d times", times(batches, p.path("a.css")))
			}
			_ = os.Remove(p.path("a.css~")) // Emacs keeps it; nobody hears of its end
			p.expect()
		})
	}
}

func TestWatchedFolderMayGoAndComeBack(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 1000)}
	p.write("root/src/a.css", "old")
	p.start(Options{Dirs: []string{p.path("root/src")}, Files: []string{p.path("root/package.json")}})
	p.do(os.Rename(p.path("root"), p.path("moved")))
	p.expect("root/src/a.css")
	p.write("moved/src/a.css", "nobody looks here")
	p.expect()
	p.do(os.Rename(p.path("moved"), p.path("root")))
	p.expect("root/src/a.css")
	p.write("root/src/a.css", "seen again")
	p.write("root/package.json", "{}")
	p.expect("root/package.json", "root/src/a.css")
}

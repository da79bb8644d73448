package devserver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// aged is a project whose files are long settled, as most are.
func aged(t testing.TB, dir string) *Server {
	t.Helper()
	s := project(t, dir)
	s.shelf.now = func() time.Time { return time.Now().Add(time.Hour) }
	return s
}

func (s *shelf) holds(l *layer, rel string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.held[place{l, rel}] != nil
}

func get(t testing.TB, h http.Handler, path string, lines ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestEveryKindOfChangeShowsAtOnce changes a file that is on the shelf in ways of which the
// size, the time or both tell nothing, and asks for it in the same moment.
func TestEveryKindOfChangeShowsAtOnce(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, file string){
		"written in place":   func(t *testing.T, file string) { write(t, file, "new") },
		"another is renamed": func(t *testing.T, file string) { write(t, file+"2", "new"); rename(t, file+"2", file) },
		"with the old time":  func(t *testing.T, file string) { timeKept(t, file, func() { write(t, file, "new") }) },
		"renamed, with old time": func(t *testing.T, file string) {
			timeKept(t, file, func() { write(t, file+"2", "new"); rename(t, file+"2", file) })
		},
		"a link takes its place": func(t *testing.T, file string) {
			write(t, file+"2", "new")
			remove(t, file)
			write(t, file, "-> a.js2")
		},
		"an earlier layer has it": func(t *testing.T, file string) {
			write(t, strings.Replace(file, "src", ".tmp", 1), "new")
		},
		"its folder is replaced": func(t *testing.T, file string) {
			rename(t, filepath.Dir(file), filepath.Dir(file)+"-old")
			write(t, file, "new")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"src/a.js": "old"})
			s := aged(t, dir)
			for range 2 {
				if got := get(t, s, "/a.js").Body.String(); got != "old" {
					t.Fatalf("before: %q", got)
				}
			}
			if !s.shelf.holds(s.layers[1], "a.js") {
				t.Fatal("the file is not on the shelf")
			}
			before := get(t, s, "/a.js").Header().Get("ETag")
			change(t, filepath.Join(dir, "src/a.js"))
			got := get(t, s, "/a.js", "If-None-Match: "+before)
			if got.Code != 200 || got.Body.String() != "new" {
				t.Errorf("after: %d %q", got.Code, got.Body)
			}
		})
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// timeKept changes a file and gives it back its time, as cp -p and rsync do.
func timeKept(t *testing.T, file string, change func()) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	change()
	if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsKeptIsGivenOutToNobodyWhoMayNotHaveIt(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.js": "old", "secret.js": "secret"})
	s := aged(t, dir)
	file := filepath.Join(dir, "src/a.js")
	if got := get(t, s, "/a.js").Body.String(); got != "old" {
		t.Fatalf("before: %q", got)
	}
	remove(t, file)
	if got := get(t, s, "/a.js"); got.Code != 404 {
		t.Errorf("removed: %d %q", got.Code, got.Body)
	}
	write(t, file, "-> ../secret.js")
	if got := get(t, s, "/a.js"); got.Code != 404 {
		t.Errorf("a link out of the project: %d %q", got.Code, got.Body)
	}
}

func TestTagsTellVersionsApart(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.js": "old"})
	s := project(t, dir)
	before := get(t, s, "/a.js").Header().Get("ETag")
	timeKept(t, filepath.Join(dir, "src/a.js"), func() { write(t, filepath.Join(dir, "src/a.js"), "new") })
	if after := get(t, s, "/a.js").Header().Get("ETag"); after == before {
		t.Errorf("both are %s", after)
	}
}

func TestOnlySettledFilesOfBoundedSizeAreKept(t *testing.T) {
	dir := tree(t, map[string]string{
		"src/young.js": "x", "src/large.js": strings.Repeat("x", maxKept+1), "node_modules/p/p.js": "x", "src/old.js": "x",
	})
	s := aged(t, dir)
	for _, path := range []string{"/large.js", "/node_modules/p/p.js", "/old.js"} {
		if got := get(t, s, path); got.Code != 200 {
			t.Fatalf("%s: %d", path, got.Code)
		}
	}
	s.shelf.now = time.Now
	get(t, s, "/young.js")
	s.shelf.now = func() time.Time { return time.Now().Add(-time.Hour) } // the file is of the future
	get(t, s, "/young.js")
	if len(s.shelf.held) != 1 || !s.shelf.holds(s.layers[1], "old.js") {
		t.Errorf("kept: %v", s.shelf.held)
	}
}

func TestShelfIsBounded(t *testing.T) {
	for _, one := range []int{10 << 10, 300 << 10} { // in the heap, and frozen
		files := map[string]string{}
		for i := range 5 * maxShelf / one {
			files[fmt.Sprintf("src/%d.js", i)] = fmt.Sprint(i) + strings.Repeat("x", one)
		}
		s := aged(t, tree(t, files))
		for range 2 {
			for name, want := range files {
				if got := get(t, s, strings.TrimPrefix(name, "src")).Body.String(); got != want {
					t.Fatalf("%s: %.20q", name, got)
				}
			}
		}
		size := 0
		for _, c := range s.shelf.held {
			size += c.weight()
		}
		if size != s.shelf.size || size > maxShelf || size < maxShelf/2 {
			t.Errorf("%d bytes in %d files, counted as %d", size, len(s.shelf.held), s.shelf.size)
		}
	}
}

// TestHotFileIsNeverTorn saves a file again and again, in place and without another size,
// while many ask for it, and holds each answer to be one of its versions.
func TestHotFileIsNeverTorn(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.js": version(0)})
	file := filepath.Join(dir, "src/a.js")
	s := aged(t, dir) // each version is kept as soon as its save is over
	srv := listen(t, s)
	saved := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for over := false; !over; {
				select {
				case <-saved:
					over = true // once more, for the last version
				default:
				}
				res, err := srv.Client().Get(srv.URL + "/a.js")
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				if text := string(body); err != nil || text != version(int(text[0])) || over && text != version(40) {
					t.Errorf("over %v: %v, %.20q … %q", over, err, text, text[max(0, len(text)-20):])
					return
				}
			}
		})
	}
	for n := 1; n <= 40; n++ {
		saveInSteps(t, file, version(n))
		get(t, s, "/a.js") // waits for the end of the save, which puts the file on the shelf
	}
	close(saved)
	asking.Wait()
}

// version is a text that is another in each of its bytes.
func version(n int) string { return strings.Repeat(string(rune(n)), 100<<10) }

// saveInSteps empties a file and writes it in two steps, or writes over it.
func saveInSteps(t *testing.T, file, text string) {
	t.Helper()
	flags := os.O_WRONLY
	if text[0]%2 == 0 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(file, flags, 0)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, f, text[:len(text)/2])
	fill(t, f, text[len(text)/2:])
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkFile answers for a file that is asked for again and again, over a connection
// that is kept, beside http.FileServer.
func BenchmarkFile(b *testing.B) {
	for _, size := range []int{1 << 10, 100 << 10} {
		dir := tree(b, map[string]string{"src/a.js": strings.Repeat("x", size)})
		for name, h := range map[string]http.Handler{"hot": aged(b, dir), "young": project(b, dir), "FileServer": http.FileServer(http.Dir(filepath.Join(dir, "src")))} {
			b.Run(fmt.Sprintf("%s/%dk", name, size>>10), func(b *testing.B) {
				srv := listen(b, h)
				b.SetBytes(int64(size))
				for b.Loop() {
					res, err := srv.Client().Get(srv.URL + "/a.js")
					if err != nil {
						b.Fatal(err)
					}
					n, err := io.Copy(io.Discard, res.Body)
					if err != nil || n != int64(size) {
						b.Fatal(n, err)
					}
					res.Body.Close()
				}
			})
		}
	}
}

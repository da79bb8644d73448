package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/backend/store"
	"github.com/realtimectl/realtimectl/internal/diag"
)

func TestETagSavesTheBodyAndGuardsAWrite(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	for _, path := range []string{"/api", "/api/jobs", "/api/jobs/b"} {
		tag := a.do("GET", path, "").Header.Get("ETag")
		for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			if got := a.do("GET", path, "", "If-None-Match: "+header); got.Status != 304 || got.Body != "" || got.Header.Get("ETag") != tag {
				t.Errorf("%s, %s: %d %q", path, header, got.Status, got.Body)
			}
		}
	}
	tag := a.do("GET", "/api/jobs/b", "").Header.Get("ETag")
	first := a.do("PATCH", "/api/jobs/b", `{"title":"First"}`, "If-Match: "+tag)
	second := a.do("PATCH", "/api/jobs/b", `{"title":"Second"}`, "If-Match: "+tag)
	gone := a.do("DELETE", "/api/jobs/b", "", "If-Match: "+tag)
	if first.Status != 200 || second.Status != 412 || gone.Status != 412 {
		t.Errorf("got %d, %d, %d", first.Status, second.Status, gone.Status)
	}
	if got := a.do("GET", "/api/jobs/b", "", "If-None-Match: "+tag); got.Status != 200 {
		t.Errorf("the changed record: %d", got.Status)
	}
}

func TestAnswersAreTypedUnsniffableAndNotKept(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	for _, path := range []string{"/api/jobs", "/api/none"} {
		h := a.do("HEAD", path, "").Header
		got := []string{h.Get("X-Content-Type-Options"), h.Get("Cache-Control"), h.Get("Cross-Origin-Resource-Policy")}
		if diff := cmp.Diff([]string{"nosniff", "no-cache", "same-origin"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestConcurrentWritesAreAllKeptAndTheirEventsAreInOrder(t *testing.T) {
	var mu sync.Mutex
	var events []string
	a := newAPI(t, seed, store.Options{OnEvent: func(action, collection string, record json.RawMessage) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, anID.FindString(string(record)))
	}})
	const writers = 20
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			got, err := a.try("POST", "/api/jobs", fmt.Sprintf(`{"n":%d}`, i))
			if err != nil || got.Status != 201 {
				t.Errorf("%v %d %s", err, got.Status, got.Body)
			}
		})
	}
	wg.Wait()
	var onDisk []string
	for _, m := range anID.FindAllStringSubmatch(a.disk(), -1) {
		onDisk = append(onDisk, fmt.Sprintf(`"id":"%s"`, m[1]))
	}
	if len(onDisk) != writers || !slices.IsSorted(onDisk) {
		t.Errorf("on disk: %v", onDisk)
	}
	if diff := cmp.Diff(onDisk, events); diff != "" {
		t.Errorf("events (-disk +events):\n%s", diff)
	}
}

func TestAnEventComesOnceTheRecordIsOnDisk(t *testing.T) {
	var got []string
	var file string
	a := newAPI(t, `{"jobs":[]}`, store.Options{OnEvent: func(action, collection string, record json.RawMessage) {
		data, _ := os.ReadFile(file)
		onDisk := bytes.Contains(data, []byte(anID.FindStringSubmatch(string(record))[1]))
		got = append(got, fmt.Sprintf("%s %s %s on disk: %v", action, collection, mask(string(record)), onDisk))
	}})
	file = a.file
	place := a.do("POST", "/api/jobs", `{"t":1}`).Header.Get("Location")
	a.do("PATCH", place, `{"t":2}`)
	a.do("DELETE", place, "")
	a.do("DELETE", place, "")
	want := []string{
		`create jobs {"id":"ID","t":1,"createdAt":TIME,"updatedAt":TIME} on disk: true`,
		`update jobs {"id":"ID","t":2,"createdAt":TIME,"updatedAt":TIME} on disk: true`,
		`delete jobs {"id":"ID","t":2,"createdAt":TIME,"updatedAt":TIME} on disk: false`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnOutsideEditIsSeenAndKept(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	a.do("GET", "/api/jobs", "")
	write(t, a.file, `{"jobs":[{"id":"x","title":"Edited"}],"people":[]}`)
	if got := a.titles("/api/jobs"); got != "Edited" {
		t.Errorf("list: %s", got)
	}
	a.do("POST", "/api/jobs", `{"title":"More"}`)
	if got := a.titles("/api/jobs"); got != "More Edited" {
		t.Errorf("list: %s", got)
	}
	if got := a.do("GET", "/api/people", ""); got.Status != 200 {
		t.Errorf("a new collection: %d", got.Status)
	}
}

func TestACorruptFileIsReportedOnceAndNeverOverwritten(t *testing.T) {
	var log bytes.Buffer
	a := newAPI(t, seed, store.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	broken := "{\n  \"jobs\": [\n    { \"id\": 1, }\n  ]\n}\n"
	write(t, a.file, broken)
	for _, method := range []string{"GET", "POST"} {
		body := ""
		if method == "POST" {
			body = "{}"
		}
		got := a.do(method, "/api/jobs", body)
		if got.Status != 503 || !strings.Contains(detail(t, got), "db.json:3:16: invalid character '}'") {
			t.Errorf("%s: %d %s", method, got.Status, got.Body)
		}
	}
	if a.disk() != broken {
		t.Errorf("file: %s", a.disk())
	}
	if n := strings.Count(log.String(), "store.failed"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
	write(t, a.file, seed)
	if got := a.do("POST", "/api/jobs", `{}`); got.Status != 201 {
		t.Errorf("mended: %d %s", got.Status, got.Body)
	}
}

func TestOpenNamesThePlaceOfAMistake(t *testing.T) {
	tests := []struct{ text, want string }{
		{`{"jobs":[{"id":1},]}`, `1:19: invalid character ']' looking for beginning of value`},
		{"[\n]", "1:1: must be an object"},
		{"{\"jobs\": [\n  {\"id\":1},\n  {\"title\":\"x\"}\n]}", `3:3: jobs[1]: the record has no "id"`},
		{"{\"jobs\": [\n  {\"id\":1},\n  {\"id\":\"1\"}\n]}", `3:3: jobs[1]: the id "1" is there twice`},
		{`{"jobs": [{"id":true}]}`, `1:11: jobs[0]: the "id" must be a string or a number`},
		{`{"jobs": [{"id":""}]}`, `1:11: jobs[0]: the "id" must be a string or a number`},
		{`{"jobs": [7]}`, `1:11: jobs[0]: must be an object`},
		{``, `1:1: unexpected end of JSON input`},
	}
	for _, tt := range tests {
		file := write(t, filepath.Join(t.TempDir(), "db.json"), tt.text)
		_, err := store.Open(store.Options{File: file})
		list, ok := err.(diag.List)
		if !ok || len(list) != 1 || list[0].Error() != file+":"+tt.want || list[0].Hint == "" {
			t.Errorf("%q: got %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

func TestOpenRefusesWhatCanNeverWork(t *testing.T) {
	dir := t.TempDir()
	bad := write(t, filepath.Join(dir, "bad.json"), `{"type": 7}`)
	good := write(t, filepath.Join(dir, "good.json"), `{}`)
	object := write(t, filepath.Join(dir, "db.json"), `{"jobs": {}}`)
	tests := []struct {
		name string
		o    store.Options
		want string
	}{
		{"no file", store.Options{File: filepath.Join(dir, "none.json")}, "there is no such file"},
		{"a folder", store.Options{File: dir}, "is a folder"},
		{"no schema file", store.Options{File: object, Schemas: map[string]string{"jobs": filepath.Join(dir, "no.json")}}, "there is no such schema file"},
		{"bad schema", store.Options{File: object, Schemas: map[string]string{"jobs": bad}}, "is not a JSON Schema"},
		{"not a list", store.Options{File: object, Schemas: map[string]string{"jobs": good}}, `"jobs" has a schema but is not a list`},
	}
	for _, tt := range tests {
		_, err := store.Open(tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestALinkedFileStaysALinkAndKeepsItsMode(t *testing.T) {
	dir := t.TempDir()
	real := write(t, filepath.Join(dir, "real.json"), seed)
	if err := os.Chmod(real, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.json")
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	a := newAPI(t, "", store.Options{File: link})
	a.do("DELETE", "/api/jobs/b", "")
	info, err := os.Lstat(link)
	if err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	info, err = os.Stat(real)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestAFullStoreTakesNoMore(t *testing.T) {
	a := newAPI(t, seed, store.Options{MaxBytes: int64(len(seed) + 300)})
	got := a.do("POST", "/api/jobs", fmt.Sprintf(`{"text":%q}`, strings.Repeat("y", 400)))
	if got.Status != 507 || a.disk() != seed {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	write(t, a.file, seed+strings.Repeat(" ", 400))
	if got := a.do("GET", "/api/jobs", ""); got.Status != 503 || !strings.Contains(detail(t, got), "too large") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func BenchmarkList(b *testing.B) {
	file := filepath.Join(b.TempDir(), "db.json")
	var records []string
	for i := range 1000 {
		records = append(records, fmt.Sprintf(`{"id":%d,"title":"Job %d","city":"Porto"}`, i, i))
	}
	if err := os.WriteFile(file, []byte(`{"jobs":[`+strings.Join(records, ",")+`]}`), 0o600); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(store.Options{File: file})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/api/jobs?city=Porto&_limit=20", nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

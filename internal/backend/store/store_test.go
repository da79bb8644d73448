package store_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/backend/store"
)

const seed = `{
  "version": 3,
  "jobs": [
    { "id": 1, "title": "Welder", "pay": 30.10, "city": "Recife", "z": 1, "a": 2 },
    { "id": "b", "title": "Baker", "pay": 9, "city": "Porto" },
    { "id": "c", "title": "Coder", "pay": 100, "city": "Porto", "big": 12345678901234567890.0100 }
  ]
}
`

const schema = `{
  "type": "object",
  "required": ["title", "company"],
  "additionalProperties": false,
  "properties": {
    "title": { "type": "string", "minLength": 3, "maxLength": 10 },
    "company": { "type": "string", "minLength": 1 },
    "pay": { "type": "number", "minimum": 0.5 },
    "kind": { "enum": ["full", "part"] },
    "url": { "type": "string", "format": "uri" },
    "tags": { "type": "array", "maxItems": 2, "items": { "type": "string" } }
  }
}`

// api is a store on a real socket.
type api struct {
	t    *testing.T
	file string
	url  string
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func newAPI(t *testing.T, text string, o store.Options) *api {
	t.Helper()
	if o.File == "" {
		o.File = write(t, filepath.Join(t.TempDir(), "db.json"), text)
	}
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return &api{t: t, file: o.File, url: srv.URL}
}

func newValidated(t *testing.T) *api {
	t.Helper()
	file := write(t, filepath.Join(t.TempDir(), "job.schema.json"), schema)
	return newAPI(t, seed, store.Options{Schemas: map[string]string{"jobs": file}})
}

type answer struct {
	Status int
	Header http.Header
	Body   string
}

// do sends a request; header is "Name: value" lines.
func (a *api) do(method, path, body string, header ...string) answer {
	a.t.Helper()
	got, err := a.try(method, path, body, header...)
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

func (a *api) try(method, path, body string, header ...string) (answer, error) {
	r, err := http.NewRequest(method, a.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	return answer{resp.StatusCode, resp.Header, b.String()}, err
}

func (a *api) disk() string {
	a.t.Helper()
	data, err := os.ReadFile(a.file)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(data)
}

// titles returns the titles of a list, in order.
func (a *api) titles(path string) string {
	a.t.Helper()
	got := a.do("GET", path, "")
	var list []struct{ Title string }
	if err := json.Unmarshal([]byte(got.Body), &list); err != nil {
		a.t.Fatalf("GET %s: %d %s", path, got.Status, got.Body)
	}
	var titles []string
	for _, r := range list {
		titles = append(titles, r.Title)
	}
	return strings.Join(titles, " ")
}

var (
	anID  = regexp.MustCompile(`"id":\s*"([0-9a-hjkmnp-tv-z]{17})"`)
	aTime = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)
)

// mask hides what differs from run to run.
func mask(s string) string {
	return aTime.ReplaceAllString(anID.ReplaceAllString(s, `"id":"ID"`), "TIME")
}

func TestIndexNamesTheCollections(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	want := `{"collections":[{"name":"jobs","path":"/api/jobs","count":3}]}`
	for _, path := range []string{"/api", "/api/"} {
		if got := a.do("GET", path, ""); got.Body != want {
			t.Errorf("GET %s = %s", path, got.Body)
		}
	}
}

func TestListIsNewestFirstAndObeysItsQuery(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	tests := []struct{ query, want string }{
		{"", "Coder Baker Welder"},
		{"?_order=asc", "Welder Baker Coder"},
		{"?_limit=2", "Coder Baker"},
		{"?_limit=2&_page=2", "Welder"},
		{"?_limit=2&_page=3", ""},
		{"?_limit=2147483647&_page=2147483647", ""},
		{"?_page=1", "Coder Baker Welder"},
		{"?_sort=title", "Baker Coder Welder"},
		{"?_sort=title&_order=desc", "Welder Coder Baker"},
		{"?_sort=pay", "Baker Welder Coder"},
		{"?_sort=pay&_order=desc", "Coder Welder Baker"},
		{"?_sort=city", "Coder Baker Welder"},
		{"?_sort=big", "Coder Baker Welder"},
		{"?_sort=big&_order=desc", "Coder Baker Welder"},
		{"?_sort=id", "Welder Baker Coder"},
		{"?city=Porto", "Coder Baker"},
		{"?city=Porto&title=Baker", "Baker"},
		{"?title=Welder&title=Baker", "Baker Welder"},
		{"?pay=9", "Baker"},
		{"?city=Oslo", ""},
		{"?nothing=1", ""},
	}
	for _, tt := range tests {
		if got := a.titles("/api/jobs" + tt.query); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.query, got, tt.want)
		}
	}
}

func TestAPageNamesItsNeighboursAndTheTotal(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	got := a.do("GET", "/api/jobs?_limit=1&_page=2&city=Porto", "")
	want := `</api/jobs?_limit=1&_page=1&city=Porto>; rel="first", ` +
		`</api/jobs?_limit=1&_page=1&city=Porto>; rel="prev", ` +
		`</api/jobs?_limit=1&_page=2&city=Porto>; rel="last"`
	if diff := cmp.Diff(want, got.Header.Get("Link")); diff != "" {
		t.Errorf("Link (-want +got):\n%s", diff)
	}
	if total := got.Header.Get("X-Total-Count"); total != "2" {
		t.Errorf("X-Total-Count = %q", total)
	}
}

func TestAQueryThatMeansNothingIsRefused(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	for query, want := range map[string]string{
		"_limit=0":   `_limit is a number from 1, not "0"`,
		"_page=x":    `_page is a number from 1, not "x"`,
		"_order=up":  `_order is asc or desc, not "up"`,
		"_sortt=pay": `there is no parameter _sortt; there is _sort, _order, _limit, _page`,
	} {
		got := a.do("GET", "/api/jobs?"+query, "")
		if got.Status != 400 || detail(t, got) != want {
			t.Errorf("%s: %d %s", query, got.Status, got.Body)
		}
	}
}

func detail(t *testing.T, a answer) string {
	t.Helper()
	var p struct{ Detail string }
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("a problem has the type %q", kind)
	}
	return p.Detail
}

func TestOneRecordKeepsEveryDigitAndTheOrderOfItsFields(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	for path, want := range map[string]string{
		"/api/jobs/1": `{"id":1,"title":"Welder","pay":30.10,"city":"Recife","z":1,"a":2}`,
		"/api/jobs/c": `{"id":"c","title":"Coder","pay":100,"city":"Porto","big":12345678901234567890.0100}`,
	} {
		got := a.do("GET", path, "")
		if got.Status != 200 || got.Body != want || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("GET %s = %d %s", path, got.Status, got.Body)
		}
	}
}

func TestCreateStoresTheRecordOnDiskAndAnswersItsPlace(t *testing.T) {
	a := newAPI(t, `{"note": {"kept": 1.50}, "jobs": []}`, store.Options{})
	got := a.do("POST", "/api/jobs", `{"z":1.10,"title":"<b>é€😀","id":"mine","createdAt":"never"}`)
	id := anID.FindStringSubmatch(got.Body)
	if got.Status != 201 || id == nil {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	if place := got.Header.Get("Location"); place != "/api/jobs/"+id[1] {
		t.Errorf("Location = %q", place)
	}
	want := `{"id":"ID","z":1.10,"title":"<b>é€😀","createdAt":TIME,"updatedAt":TIME}`
	if diff := cmp.Diff(want, mask(got.Body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if again := a.do("GET", got.Header.Get("Location"), ""); again.Body != got.Body {
		t.Errorf("read back %s", again.Body)
	}
	disk := `{
  "note": {
    "kept": 1.50
  },
  "jobs": [
    {
      "id":"ID",
      "z": 1.10,
      "title": "<b>é€😀",
      "createdAt": TIME,
      "updatedAt": TIME
    }
  ]
}
`
	if diff := cmp.Diff(disk, mask(a.disk())); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestPutReplacesAndPatchMerges(t *testing.T) {
	a := newAPI(t, `{"jobs":[{"id":7,"title":"Old","deep":{"a":1,"b":2},"gone":true,"createdAt":"then"}]}`, store.Options{})
	steps := []struct{ method, body, want string }{
		{
			"PATCH", `{"deep":{"b":null,"c":{"d":null,"e":3}},"gone":null,"title":"New","more":[1]}`,
			`{"id":7,"title":"New","deep":{"a":1,"c":{"e":3}},"more":[1],"createdAt":"then","updatedAt":TIME}`,
		},
		{"PUT", `{"id":7,"title":"Whole"}`, `{"id":7,"title":"Whole","createdAt":"then","updatedAt":TIME}`},
	}
	for _, step := range steps {
		got := a.do(step.method, "/api/jobs/7", step.body)
		if diff := cmp.Diff(step.want, mask(got.Body)); got.Status != 200 || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", step.method, got.Status, diff)
		}
		if again := a.do("GET", "/api/jobs/7", ""); again.Body != got.Body {
			t.Errorf("%s: read back %s", step.method, again.Body)
		}
	}
	if got := a.do("PATCH", "/api/jobs/7", `{"x":1}`, "Content-Type: application/merge-patch+json"); got.Status != 200 {
		t.Errorf("merge-patch+json: %d %s", got.Status, got.Body)
	}
}

func TestAnIDCannotBeChanged(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	got := a.do("PUT", "/api/jobs/b", `{"id":"x"}`)
	if got.Status != 422 || detail(t, got) != "id cannot be changed; it is b" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func TestDeleteRemovesOneRecord(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	if got := a.do("DELETE", "/api/jobs/b", ""); got.Status != 204 || got.Body != "" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := a.titles("/api/jobs"); got != "Coder Welder" {
		t.Errorf("left: %s", got)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if got := a.do(method, "/api/jobs/b", ""); got.Status != 404 || detail(t, got) != `there is no record "b" in jobs` {
			t.Errorf("%s: %d %s", method, got.Status, got.Body)
		}
	}
}

func TestIDsWithReservedCharactersAreReachable(t *testing.T) {
	a := newAPI(t, `{"a/b":[{"id":"x/y ?ü"}]}`, store.Options{Path: "/v1/data/"})
	if got := a.do("GET", "/v1/data/a%2Fb/x%2Fy%20%3F%C3%BC", ""); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := a.do("GET", "/v1/database", ""); got.Status != 404 {
		t.Errorf("a path that only begins like the prefix: %d", got.Status)
	}
}

func TestWhatDoesNotExistIsNamed(t *testing.T) {
	a := newAPI(t, `{"jobs":[],"people":[],"note":{}}`, store.Options{})
	for path, want := range map[string]string{
		"/api/job":      `there is no collection "job"; there is: jobs, people`,
		"/api/note":     `there is no collection "note"; there is: jobs, people`,
		"/api/job/1":    `there is no collection "job"; there is: jobs, people`,
		"/api/jobs/1":   `there is no record "1" in jobs`,
		"/api/jobs/1/2": `a path is /collection or /collection/id`,
		"/other":        `there is nothing at this path`,
	} {
		got := a.do("GET", path, "")
		if got.Status != 404 || detail(t, got) != want {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	if got := a.do("POST", "/api/job", `{}`); got.Status != 404 {
		t.Errorf("POST: %d", got.Status)
	}
	if want := `{"jobs":[],"people":[],"note":{}}`; a.disk() != want {
		t.Errorf("file: %s", a.disk())
	}
}

func TestOtherMethodsAreRefusedWithWhatIsAllowed(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	for path, allow := range map[string]string{
		"/api":        "GET, HEAD, OPTIONS",
		"/api/jobs":   "GET, HEAD, OPTIONS, POST",
		"/api/jobs/1": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
	} {
		refused, asked := a.do("TRACE", path, ""), a.do("OPTIONS", path, "")
		if refused.Status != 405 || refused.Header.Get("Allow") != allow {
			t.Errorf("TRACE %s: %d %q", path, refused.Status, refused.Header.Get("Allow"))
		}
		if asked.Status != 204 || asked.Header.Get("Allow") != allow || asked.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("OPTIONS %s: %d %v", path, asked.Status, asked.Header)
		}
	}
}

func TestAWriteThatAnotherSiteCouldSendIsRefused(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json;;", "application/merge-patch+json"} {
		got := a.do("POST", "/api/jobs", `{"title":"forged"}`, "Content-Type: "+kind)
		if got.Status != 415 {
			t.Errorf("%q: %d %s", kind, got.Status, got.Body)
		}
	}
	if a.disk() != seed {
		t.Errorf("file: %s", a.disk())
	}
	if got := a.do("POST", "/api/jobs", `{}`, "Content-Type: application/json; charset=utf-8"); got.Status != 201 {
		t.Errorf("with a charset: %d", got.Status)
	}
}

func TestABodyThatIsNoRecordIsRefused(t *testing.T) {
	a := newAPI(t, seed, store.Options{})
	tests := []struct {
		body   string
		status int
		want   string
	}{
		{"{\n  \"a\": tru }", 400, `the body is not JSON: line 2, column 11: invalid character ' ' in literal true (expecting 'e')`},
		{`[{}]`, 400, `the body is not a record: must be an object`},
		{`"x"`, 400, `the body is not a record: must be an object`},
		{`{"a":1} {}`, 400, `the body is not JSON: line 1, column 9: invalid character '{' after top-level value`},
		{`{"a":1,"a":2}`, 400, `the body is not a record: the member "a" is there twice`},
		{"{\"a\":\"\xff\"}", 400, `the body is not UTF-8`},
		{`{"a":"` + strings.Repeat("x", 1<<20) + `"}`, 413, `a body may have 1048576 bytes`},
	}
	for _, tt := range tests {
		got := a.do("POST", "/api/jobs", tt.body)
		if got.Status != tt.status || detail(t, got) != tt.want {
			t.Errorf("%.40q: %d %s", tt.body, got.Status, got.Body)
		}
	}
	if got := a.do("POST", "/api/jobs", "", "Content-Type: application/json"); got.Status != 400 {
		t.Errorf("an empty body: %d", got.Status)
	}
}

func TestASchemaMakesItsCollectionAndTheFile(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "job.schema.json"), schema)
	a := newAPI(t, "", store.Options{
		File:    filepath.Join(dir, "data", "db.json"),
		Schemas: map[string]string{"jobs": file},
	})
	if got := a.do("GET", "/api/jobs", ""); got.Body != "[]" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if _, err := os.Stat(a.file); err == nil {
		t.Error("reading made the file")
	}
	if got := a.do("POST", "/api/jobs", `{"title":"Baker","company":"Pão"}`); got.Status != 201 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if !strings.Contains(a.disk(), "Pão") {
		t.Errorf("file: %s", a.disk())
	}
}

func TestAnEditOfTheSchemaCountsAtOnce(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "job.schema.json"), schema)
	a := newAPI(t, seed, store.Options{Schemas: map[string]string{"jobs": file}})
	write(t, file, `{"required":["other"]}`)
	if got := a.do("POST", "/api/jobs", `{}`); detail(t, got) != "other is required" {
		t.Errorf("%s", got.Body)
	}
	write(t, file, `{"required":`)
	got := a.do("POST", "/api/jobs", `{}`)
	if got.Status != 503 || !strings.Contains(detail(t, got), "job.schema.json") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

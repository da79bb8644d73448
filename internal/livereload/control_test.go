package livereload_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

func TestControlTakesFilesByWhateverURLTheyAreServed(t *testing.T) {
	s := newServer(t, livereload.Options{
		Resolve: func(file string) (string, bool) { return strings.CutPrefix(file, "src") },
	})
	c, _ := s.page(uses("/a.css"))
	tests := []struct {
		body   string
		status int
		answer string
	}{
		{`{"files":["lib/x.css"]}`, 422, `{"error":"lib/x.css is not served; name the file that pages load"}`},
		{`{"paths":["/a.css"],"files":["src/a.css","x.css"]}`, 422, `{"error":"x.css is not served; name the file that pages load"}`},
		{`{"files":[""]}`, 400, ""},
		{`{"files":["a"` + strings.Repeat(`,"a"`, 1000) + `]}`, 400, ""},
		{`{"files":["src/b.css"]}`, 200, `{"pages":0}`},
		{`{"files":["src/a.css"]}`, 200, `{"pages":1}`},
	}
	for _, tt := range tests {
		resp := request(t, "POST", s.url+livereload.ControlPath, tt.body, http.Header{"Authorization": {"Bearer secret"}})
		safe(t, resp)
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != tt.status || tt.answer != "" && string(text) != tt.answer {
			t.Errorf("%.60s: got %s %s, want %d %s", tt.body, resp.Status, text, tt.status, tt.answer)
		}
	}
	m := c.next()
	if diff := cmp.Diff([]any{false, []any{"/a.css"}}, []any{m["reload"], m["paths"]}); diff != "" {
		t.Errorf("the page was told (-want +got):\n%s", diff)
	}
}

func TestControlKnowsNoFileWithoutAWayToTellItsURL(t *testing.T) {
	s := newServer(t, livereload.Options{})
	resp := request(t, "POST", s.url+livereload.ControlPath, `{"files":["a.css"]}`, http.Header{"Authorization": {"Bearer secret"}})
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("got %s", resp.Status)
	}
}

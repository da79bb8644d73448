package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASchemaNamesEachFieldThatIsWrong(t *testing.T) {
	a := newValidated(t)
	got := a.do("POST", "/api/jobs",
		`{"title":"ab","pay":0.25,"kind":"x","url":"not a uri","tags":["a",1,"c"],"nmae":1}`)
	want := `{
		"type": "about:blank", "title": "Unprocessable Entity", "status": 422, "detail": "8 fields are not valid",
		"errors": [
			{"field":"title","pointer":"/title","rule":"minLength","limit":3,"message":"must have at least 3 characters"},
			{"field":"pay","pointer":"/pay","rule":"minimum","limit":0.5,"message":"must be at least 0.5"},
			{"field":"kind","pointer":"/kind","rule":"enum","limit":["full","part"],"message":"must be one of: full, part"},
			{"field":"url","pointer":"/url","rule":"format","limit":"uri","message":"must be a valid uri"},
			{"field":"tags","pointer":"/tags/1","rule":"type","limit":["string"],"message":"must be a string"},
			{"field":"tags","pointer":"/tags","rule":"maxItems","limit":2,"message":"must have at most 2 items"},
			{"field":"nmae","pointer":"/nmae","rule":"additionalProperties","message":"is not a field of this collection"},
			{"field":"company","pointer":"/company","rule":"required","message":"is required"}
		]}`
	if got.Status != 422 {
		t.Errorf("status %d", got.Status)
	}
	if diff := cmp.Diff(value(t, want), value(t, got.Body)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a.disk() != seed {
		t.Errorf("file: %s", a.disk())
	}
}

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestASchemaDescribesWhatIsSentNotWhatTheStoreAdds(t *testing.T) {
	a := newValidated(t)
	got := a.do("POST", "/api/jobs", `{"title":"Baker","company":"Pão"}`)
	if got.Status != 201 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	// The answer can be sent back as it is, and a patch is judged by what it makes.
	if back := a.do("PUT", got.Header.Get("Location"), got.Body); back.Status != 200 {
		t.Errorf("PUT: %d %s", back.Status, back.Body)
	}
	if back := a.do("PATCH", got.Header.Get("Location"), `{"company":null}`); back.Status != 422 || detail(t, back) != "company is required" {
		t.Errorf("PATCH: %d %s", back.Status, back.Body)
	}
}

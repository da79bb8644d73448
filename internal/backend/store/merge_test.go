package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The examples of RFC 7396, appendix A, that patch an object with an object.
func TestMergeIsThatOfTheRFC(t *testing.T) {
	tests := []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	}
	for _, tt := range tests {
		target, err := parseObject([]byte(tt.target))
		if err != nil {
			t.Fatal(err)
		}
		patch, err := parseObject([]byte(tt.patch))
		if err != nil {
			t.Fatal(err)
		}
		got, err := target.merged(patch)
		if err != nil || string(got.compact()) != tt.want {
			t.Errorf("%s + %s = %s, %v; want %s", tt.target, tt.patch, got.compact(), err, tt.want)
		}
		if again := string(target.compact()); again != tt.target {
			t.Errorf("merging changed the target to %s", again)
		}
	}
}

func TestIDsSortInTheOrderTheyWereMadeEvenIfTheClockGoesBack(t *testing.T) {
	var ids idSource
	noon := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	var made []string
	for _, now := range []time.Time{noon, noon, noon.Add(-time.Hour), noon.Add(time.Minute)} {
		made = append(made, ids.next(now))
	}
	for i := 1; i < len(made); i++ {
		if made[i-1][:idTime] >= made[i][:idTime] {
			t.Errorf("%s is not before %s", made[i-1], made[i])
		}
	}
}

func TestScalarIsTheTextOfAValue(t *testing.T) {
	got := map[string]string{}
	for _, value := range []string{`"a"`, `"\u0061\"b"`, `1.50`, `true`, `{"a":1}`} {
		got[value] = scalar([]byte(value))
	}
	want := map[string]string{`"a"`: "a", `"\u0061\"b"`: `a"b`, `1.50`: "1.50", `true`: "true", `{"a":1}`: `{"a":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzDocumentSurvivesARoundTrip(f *testing.F) {
	f.Add([]byte(`{"jobs":[{"id":1,"pay":1.10,"t":"<é😀>"}],"x":{"y":[]}}`))
	f.Add([]byte(`{"a":[],"b":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parseDocument("db.json", data)
		if err != nil {
			return
		}
		once, err := doc.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseDocument("db.json", once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		twice, err := again.encode()
		if err != nil || string(once) != string(twice) {
			t.Errorf("%s became %s, %v", once, twice, err)
		}
	})
}

package rawjson

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLookupGoesDownAPath(t *testing.T) {
	const value = ` {"a":{"b":[1,{"c":"x"},[ ]]}, "d" : 1, "d" : 2.50 ,"\u0065":"esc","":{"":0},"\u00e9":1} `
	tests := []struct{ path, want string }{
		{"a.b.0", `1`},
		{"a.b.1", `{"c":"x"}`},
		{"a.b.1.c", `"x"`},
		{"a.b.2", `[ ]`},
		{"a.b.3", ``},
		{"a.b.-1", ``},
		{"a.b.x", ``},
		{"a.b.1.c.z", ``},
		{"d", `2.50`},
		{"e", `"esc"`},
		{"é", `1`},
		{"no", ``},
		{".", `0`},
	}
	for _, tt := range tests {
		if got := string(Lookup([]byte(value), strings.Split(tt.path, "."))); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.path, got, tt.want)
		}
	}
	if got := string(Lookup([]byte(value), nil)); got != strings.TrimSpace(value) {
		t.Errorf("no path: got %q", got)
	}
	if got := Lookup(nil, nil); got != nil {
		t.Errorf("nothing: got %q", got)
	}
}

func TestNextStringTellsKeysFromValues(t *testing.T) {
	text := []byte(`{"k\"" : ["v:"]}`)
	start, end, key, found := NextString(text)
	if !found || !key || string(text[start:end]) != `"k\""` {
		t.Errorf("got %q, key %v, found %v", text[start:end], key, found)
	}
	text = text[end:]
	start, end, key, found = NextString(text)
	if !found || key || string(text[start:end]) != `"v:"` {
		t.Errorf("got %q, key %v, found %v", text[start:end], key, found)
	}
	if _, _, _, found = NextString(text[end:]); found {
		t.Error("found a third string")
	}
}

// FuzzLookup holds a look at one member against a decoder.
func FuzzLookup(f *testing.F) {
	f.Add([]byte(`{"a":1,"a":{"b":2}}`), "a")
	f.Add([]byte(`{"\u0061":[{}],"b":"\"}"}`), "b")
	f.Fuzz(func(t *testing.T, text []byte, key string) {
		if Valid(text, depth) != nil || !json.Valid([]byte(`"`+key+`"`)) {
			return
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil {
			return
		}
		if strings.ContainsRune(key, '\uFFFD') || strings.Contains(key, `\`) {
			return // lone surrogates meet in U+FFFD
		}
		if got := string(Lookup(text, []string{key})); got != string(want[key]) {
			t.Fatalf("%q of %q: got %q, want %q", key, text, got, want[key])
		}
	})
}

package hub_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub"
)

// emit posts to a publish handler and returns status and body.
func emit(t *testing.T, h http.Handler, body string, header map[string]string) (int, string) {
	t.Helper()
	method := http.MethodPost
	if m := header["method"]; m != "" {
		method = m
	}
	r := httptest.NewRequest(method, "/__realtimectl/emit", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		if k != "method" {
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, strings.TrimSpace(string(text))
}

func TestABackEndPublishesOverHTTP(t *testing.T) {
	s := start(t, development(), hub.Options{MaxPublish: 500})
	a := s.join("/")
	h := s.PublishHandler("secret")
	for name, tt := range map[string]struct {
		body   string
		header map[string]string
		status int
		answer string
	}{
		"an event":        {`{"event":"e","args":[{"id":1.0}]}`, nil, 200, `{"delivered":1}`},
		"to nobody":       {`{"event":"e","rooms":["none"]}`, nil, 200, `{"delivered":0}`},
		"a charset":       {`{"event":"x","namespace":"/none"}`, map[string]string{"Content-Type": "application/json; charset=utf-8"}, 200, `{"delivered":0}`},
		"not POST":        {``, map[string]string{"method": "GET"}, 405, `{"error":"use POST"}`},
		"a wrong token":   {`{"event":"e"}`, map[string]string{"Authorization": "Bearer secrets"}, 401, `{"error":"the header Authorization: Bearer TOKEN is missing or wrong"}`},
		"no token":        {`{"event":"e"}`, map[string]string{"Authorization": ""}, 401, `{"error":"the header Authorization: Bearer TOKEN is missing or wrong"}`},
		"another scheme":  {`{"event":"e"}`, map[string]string{"Authorization": "Basic secret"}, 401, `{"error":"the header Authorization: Bearer TOKEN is missing or wrong"}`},
		"a form":          {`event=e`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, `{"error":"send Content-Type: application/json"}`},
		"too long":        {`{"event":"e","args":["` + strings.Repeat("x", 500) + `"]}`, nil, 413, `{"error":"the body is over the limit"}`},
		"an unknown key":  {`{"event":"e","arg":1}`, nil, 400, `{"error":"the body is not an event: json: unknown field \"arg\""}`},
		"two events":      {`{"event":"e"}{"event":"e"}`, nil, 400, `{"error":"the body holds more than one event"}`},
		"half a body":     {`{"event":`, nil, 400, `{"error":"the body is not an event: unexpected EOF"}`},
		"no JSON":         {"\xff", nil, 400, `{"error":"the body is not an event: invalid character 'ÿ' looking for beginning of value"}`},
		"a list":          {`[]`, nil, 400, `{"error":"the body is not an event: json: cannot unmarshal array into Go value of type hub.Message"}`},
		"a long key":      {`{"event":"e"}`, map[string]string{"Idempotency-Key": strings.Repeat("k", 201)}, 400, `{"error":"the Idempotency-Key is too long"}`},
		"a reserved name": {`{"event":"connect"}`, nil, 422, `{"error":"not a valid event: \"connect\" is a name of the protocol's own"}`},
	} {
		status, answer := emit(t, h, tt.body, tt.header)
		if status != tt.status || answer != tt.answer {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	a.expect(`42["e",{"id":1.0}]`)
	a.fence()
	if status, _ := emit(t, s.PublishHandler(""), `{"event":"e"}`, map[string]string{"Authorization": "Bearer "}); status != 401 {
		t.Errorf("an empty token lets in: %d", status)
	}
}

func TestARepeatedRequestPublishesOnce(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.join("/")
	h := s.PublishHandler("secret")
	key := map[string]string{"Idempotency-Key": "k1"}
	var got []string
	for _, body := range []string{`{"event":"e"}`, `{"event":"e"}`, `{"event":"other"}`} {
		_, answer := emit(t, h, body, key)
		got = append(got, answer)
	}
	want := []string{`{"delivered":1}`, `{"delivered":1}`, `{"error":"the Idempotency-Key belongs to another request"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	a.expect(`42["e"]`)
	a.fence()
}

// A back-end that gives up early and tries again is carried out once, whichever of its
// requests comes first.
func TestOfRequestsAtOnceOneIsCarriedOut(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.join("/")
	h := s.PublishHandler("secret")
	key := map[string]string{"Idempotency-Key": "k"}
	var tries sync.WaitGroup
	for range 20 {
		tries.Go(func() {
			if status, answer := emit(t, h, `{"event":"e"}`, key); status != 200 || answer != `{"delivered":1}` {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
	tries.Wait()
	a.expect(`42["e"]`)
	a.fence()
}

func TestARequestThatWasNotCarriedOutMayBeTriedAgain(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.join("/")
	h := s.PublishHandler("secret")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/", strings.NewReader(`{"event":"e"}`))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a request whose caller is gone: %d", w.Code)
	}
	if status, answer := emit(t, h, `{"event":"e"}`, map[string]string{"Idempotency-Key": "k"}); status != 200 {
		t.Errorf("again: %d %s", status, answer)
	}
	a.expect(`42["e"]`)
	a.fence()
}

func TestAKeyIsRememberedForAWhileAndTheLatestLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, development(), hub.Options{})
		h := s.PublishHandler("secret")
		refused := func(key string) bool {
			status, _ := emit(t, h, `{"event":"another"}`, map[string]string{"Idempotency-Key": key})
			return status == http.StatusUnprocessableEntity
		}
		emit(t, h, `{"event":"e"}`, map[string]string{"Idempotency-Key": "k"})
		time.Sleep(10*time.Minute - time.Second)
		if !refused("k") {
			t.Error("forgotten too early")
		}
		time.Sleep(time.Second)
		if refused("k") {
			t.Error("remembered for more than ten minutes")
		}
		for i := range 10_000 {
			time.Sleep(time.Microsecond)
			emit(t, h, `{"event":"e"}`, map[string]string{"Idempotency-Key": strconv.Itoa(i)})
		}
		if !refused("9998") || refused("0") {
			t.Error("of too many keys not the latest are remembered")
		}
	})
}

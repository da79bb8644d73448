package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend answers every question with the same words and records the last request.
type backend struct {
	*httptest.Server
	header http.Header
	body   string
}

func newBackend(t *testing.T, status int, answer string) *backend {
	t.Helper()
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.header, b.body = r.Header, r.Method+" "+r.URL.String()+" "+string(body)
		w.Header().Set("Location", "http://127.0.0.1:9/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(b.Close)
	return b
}

func TestTheBackEndLearnsWhoConnects(t *testing.T) {
	b := newBackend(t, http.StatusOK, `{"allow":true}`)
	c := newChecker(t, Options{URL: b.URL + "/realtime/auth?key=1"})
	got := check(t, c, Request{
		Namespace: "/chat",
		Auth:      json.RawMessage(`{"z":12345678901234567890,"a":"<é>"}`),
		Header: http.Header{
			"Cookie": {"session=1", "theme=dark"}, "Authorization": {"Bearer x"}, "X-Forwarded-For": {"203.0.113.7"},
			"Host": {"evil"}, "Content-Length": {"999"}, "Connection": {"upgrade"}, "X-Other": {"no"},
		},
		Query:   url.Values{"EIO": {"4"}, "transport": {"polling"}, "sid": {"secret"}, "t": {"x"}, "room": {"blue", "red"}},
		Address: "127.0.0.1",
	})
	if diff := cmp.Diff(verdict{}, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
	want := `POST /realtime/auth?key=1 {"namespace":"/chat","auth":{"z":12345678901234567890,"a":"\u003cé\u003e"},"query":{"room":"blue"},` +
		`"headers":{"authorization":"Bearer x","cookie":"session=1, theme=dark","x-forwarded-for":"203.0.113.7"},"address":"127.0.0.1"}`
	if diff := cmp.Diff(want, b.body); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}
	for _, name := range []string{"Content-Length", "Accept-Encoding"} {
		b.header.Del(name)
	}
	wantHeader := http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"realtimectl"},
		"Cookie": {"session=1", "theme=dark"}, "Authorization": {"Bearer x"},
	}
	if diff := cmp.Diff(wantHeader, b.header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestTheBackEndDecides(t *testing.T) {
	tests := []struct {
		name   string
		status int
		answer string
		want   verdict // URL stands for the back-end's address
	}{
		{"yes", 200, `{"allow":true}`, verdict{}},
		{"as whom", 200, `{"allow":true,"user":{"id":12345678901234567890,"b":1.0},"rooms":["a"],"more":1}`, verdict{User: `{"id":12345678901234567890,"b":1.0}`, Rooms: []string{"a"}}},
		{"as nobody", 200, `{"allow":true,"user":null}`, verdict{}},
		{"no", 200, `{"allow":false,"user":{"id":1}}`, verdict{Refused: "not allowed (denied by the back-end)"}},
		{"no, and why", 200, `{"allow":false,"message":"conta suspensa"}`, verdict{Refused: "conta suspensa (denied by the back-end)"}},
		{"no, with a novel", 200, `{"allow":false,"message":"` + strings.Repeat("x", maxMessage+1) + `"}`, verdict{Refused: "not allowed (denied by the back-end)"}},
		{"401", 401, `{"message":"log in first"}`, verdict{Refused: "log in first (denied by the back-end)"}},
		{"403 that says yes", 403, `{"allow":true}`, verdict{Refused: "not allowed (denied by the back-end)"}},
		{"403 page", 403, `<h1>Forbidden</h1>`, verdict{Refused: "not allowed (denied by the back-end)"}},
		{"says nothing", 200, `{}`, verdict{Failed: `answer of URL: "allow" is missing`}},
		{"says null", 200, `null`, verdict{Failed: `answer of URL: "allow" is missing`}},
		{"truthy", 200, `{"allow":1}`, verdict{Failed: `answer of URL: not the JSON that is expected`}},
		{"page", 200, `<!doctype html>`, verdict{Failed: `answer of URL: not the JSON that is expected`}},
		{"broken", 500, `{"allow":true}`, verdict{Failed: `answer of URL: status 500 Internal Server Error`}},
		{"nothing to say", 204, ``, verdict{Failed: `answer of URL: status 204 No Content`}},
		{"redirect", 302, `{"allow":true}`, verdict{Failed: `answer of URL: 302 Found: redirects are not followed, configure the final address`}},
		{"endless", 200, `{"allow":true,"x":"` + strings.Repeat("x", maxAnswer) + `"}`, verdict{Failed: `answer of URL: more than 65536 bytes`}},
		{"huge user", 200, `{"allow":true,"user":"` + strings.Repeat("x", maxUser) + `"}`, verdict{Failed: `the user has 16386 bytes, 16384 are allowed`}},
		{"deep user", 200, `{"allow":true,"user":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`, verdict{Failed: `the user is not usable JSON: offset 64: nested too deep`}},
		{"many rooms", 200, `{"allow":true,"rooms":["a"` + strings.Repeat(`,"a"`, maxRooms) + `]}`, verdict{Failed: `257 rooms were given, 256 are allowed`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBackend(t, tt.status, tt.answer)
			c := newChecker(t, Options{URL: b.URL})
			want := tt.want
			want.Failed = strings.ReplaceAll(want.Failed, "URL", b.URL)
			if diff := cmp.Diff(want, check(t, c, Request{Namespace: "/"})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDataOfARefusalReachesTheClientOnlyAsJSON(t *testing.T) {
	for answer, want := range map[string]string{
		`{"allow":false,"data":{"retry":1}}`: `{"retry":1}`,
		`{"allow":false,"data":null}`:        ``,
		`{"allow":false,"data":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`: ``,
		`{"allow":false}`: ``,
	} {
		b := newBackend(t, http.StatusOK, answer)
		c := newChecker(t, Options{URL: b.URL})
		_, err := c.Check(t.Context(), Request{})
		refusal, ok := err.(*Refusal)
		if !ok || string(refusal.Data) != want || refusal.Error() != "not allowed" {
			t.Errorf("%.40s: got %+v", answer, err)
		}
	}
}

func TestABackEndThatDoesNotAnswerLetsNobodyIn(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })

	c := newChecker(t, Options{URL: hanging.URL, Timeout: time.Millisecond})
	want := verdict{Failed: fmt.Sprintf("ask %s: no answer within 1ms", hanging.URL)}
	if diff := cmp.Diff(want, check(t, c, Request{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newChecker(t, Options{URL: hanging.URL}).Check(ctx, Request{}); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("after the client has gone: %v", err)
	}

	gone := httptest.NewServer(nil)
	gone.Close()
	got := check(t, newChecker(t, Options{URL: gone.URL}), Request{})
	if !strings.Contains(got.Failed, "connection refused") {
		t.Errorf("no back-end: %+v", got)
	}
}

package proxy

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answers writes with header lines and a body.
func answers(status int, body string, pairs ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			w.Header().Add(pairs[i], pairs[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func inject(t testing.TB, next http.Handler) *httptest.Server {
	t.Helper()
	return listen(t, Inject(next, InjectOptions{ScriptURL: script}))
}

func TestWhichAnswersGetTheElement(t *testing.T) {
	const kind = "Content-Type"
	for _, tt := range []struct {
		name    string
		next    http.Handler
		request []string
		want    bool
	}{
		{"HTML", answers(200, plain, kind, "text/html"), nil, true},
		{"HTML with a charset", answers(200, plain, kind, "text/html; charset=iso-8859-1"), nil, true},
		{"XHTML", answers(200, plain, kind, "application/xhtml+xml"), nil, true},
		{"an odd type header", answers(200, plain, kind, "Text/HTML; charset"), nil, true},
		{"no type, but it looks like HTML", answers(200, plain), nil, true},
		{"an error page", answers(500, plain, kind, "text/html"), nil, true},
		{"a missing page", answers(404, plain, kind, "text/html"), nil, true},
		{"an inline disposition", answers(200, plain, kind, "text/html", "Content-Disposition", "inline"), nil, true},
		{"a frame", answers(200, plain, kind, "text/html"), []string{"Sec-Fetch-Dest", "iframe"}, true},
		{"UTF-16", answers(200, plain, kind, "text/html; charset=utf-16le"), nil, false},
		{"plain text", answers(200, plain, kind, "text/plain"), nil, false},
		{"XML", answers(200, plain, kind, "text/xml"), nil, false},
		{"JSON", answers(200, plain, kind, "application/json"), nil, false},
		{"a type that only begins alike", answers(200, plain, kind, "text/html-partial"), nil, false},
		{"an attachment", answers(200, plain, kind, "text/html", "Content-Disposition", `Attachment; filename="a.html"`), nil, false},
		{"a redirect", answers(302, plain, kind, "text/html", "Location", "/x"), nil, false},
		{"a part", answers(206, plain, kind, "text/html", "Content-Range", "bytes 0-9/10"), nil, false},
		{"an unknown coding", answers(200, plain, kind, "text/html", "Content-Encoding", "x-own"), nil, false},
		{"a fetch", answers(200, plain, kind, "text/html"), []string{"Sec-Fetch-Dest", "empty"}, false},
		{"a partial by XMLHttpRequest", answers(200, plain, kind, "text/html"), []string{"X-Requested-With", "XMLHttpRequest"}, false},
		{"curl", answers(200, plain, kind, "text/html"), []string{"Accept", "*/*"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := get(t, inject(t, tt.next).URL, tt.request...)
			if has := strings.Contains(got.Body, script); has != tt.want {
				t.Errorf("element: %v, want %v in %q", has, tt.want, got.Body)
			}
			if !tt.want && got.Body != plain {
				t.Errorf("the body changed: %q", got.Body)
			}
		})
	}
}

func TestOtherHeadersStayAsTheyAre(t *testing.T) {
	headers := []string{"Content-Type", "text/html", "Content-Length", fmt.Sprint(len(plain)), "X-Own", "a", "X-Own", "b", "Set-Cookie", "a=b; Path=/"}
	got := get(t, inject(t, answers(200, plain, headers...)).URL)
	got.Header.Del("Date")
	want := answer{200, http.Header{
		"Content-Type": {"text/html"}, "Content-Length": {fmt.Sprint(len(injected))}, "X-Own": {"a", "b"}, "Set-Cookie": {"a=b; Path=/"}, "Cache-Control": {"no-cache"},
	}, injected}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestHeadAndBodylessAnswersPassUntouched(t *testing.T) {
	for _, status := range []int{204, 304} {
		got := get(t, inject(t, answers(status, "", "Content-Type", "text/html", "ETag", `"a"`, "Content-Security-Policy", "default-src 'none'")).URL)
		got.Header.Del("Date")
		want := answer{status, http.Header{"Content-Type": {"text/html"}, "Etag": {`"a"`}, "Content-Security-Policy": {"default-src 'none'"}}, ""}
		if status == 304 {
			want.Header.Del("Content-Type") // net/http's own doing
		}
		got.Header.Del("Content-Type")
		want.Header.Del("Content-Type")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d (-want +got):\n%s", status, diff)
		}
	}
	head := do(t, http.MethodHead, inject(t, answers(200, "", "Content-Type", "text/html", "Content-Length", "73", "ETag", `"a"`)).URL, nil)
	if head.Header.Get("Content-Length") != "73" || head.Header.Get("ETag") != `"a"` {
		t.Errorf("HEAD changed: %v", head.Header)
	}
	empty := get(t, inject(t, answers(200, "", "Content-Type", "text/html", "Content-Length", "0")).URL)
	if empty.Body != "" || empty.Header.Get("Content-Length") != "0" {
		t.Errorf("an empty page became %q", empty.Body)
	}
}

func TestCompressedPagesAreDecoded(t *testing.T) {
	long := strings.Repeat("Olá, mundo! ", 20000)
	body := strings.Replace(plain, "x</body>", long+"</body>", 1)
	want := strings.Replace(injected, "x</body>", long+"</body>", 1)
	for _, coding := range []string{"gzip", "x-gzip", "deflate", "raw deflate", "br", "zstd", "identity", "gzip, br"} {
		t.Run(coding, func(t *testing.T) {
			var data []byte
			switch coding {
			case "identity":
				data = []byte(body)
			case "gzip, br":
				data = compress(t, "br", string(compress(t, "gzip", body)))
			default:
				data = compress(t, strings.TrimPrefix(coding, "x-"), body)
			}
			name := strings.TrimPrefix(coding, "raw ")
			got := get(t, inject(t, answers(200, string(data), "Content-Type", "text/html", "Content-Encoding", name, "Content-Length", fmt.Sprint(len(data)))).URL)
			if got.Body != want || got.Header.Get("Content-Encoding") != "" {
				t.Errorf("Content-Encoding %q, %d bytes, want %d", got.Header.Get("Content-Encoding"), len(got.Body), len(want))
			}
		})
	}
}

func TestACompressedStreamIsFlushedAsItComes(t *testing.T) {
	next := make(chan struct{})
	srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		zw := gzip.NewWriter(w)
		rc := http.NewResponseController(w)
		_ = rc.Flush()
		for _, part := range []string{"<head>", "<p>one", "<p>two"} {
			_, _ = io.WriteString(zw, part)
			_ = zw.Flush()
			_ = rc.Flush()
			<-next
		}
		_ = zw.Close()
	}))
	read := stream(t, srv.URL)
	for _, want := range []string{"<head>" + element, "<p>one", "<p>two"} {
		read(want)
		next <- struct{}{}
	}
}

func TestAPageStreamsAsItComes(t *testing.T) {
	next := make(chan struct{})
	srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for _, part := range []string{"\n", "<html><he", "ad><title>a\xc3", "\xa3</title>", "<p>two"} {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	}))
	read := stream(t, srv.URL)
	for _, want := range []string{"\n", "<html>", "<head>" + element + "<title>a\xc3", "\xa3</title>", "<p>two"} {
		read(want)
		next <- struct{}{}
	}
}

// stream navigates and returns a function that reads exactly what it is told to expect.
func stream(t *testing.T, address string) func(want string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", browser)
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != want {
			t.Fatalf("read %q (%v), want %q", got, err, want)
		}
	}
}

func TestABrokenCompressedBodyBreaksTheAnswer(t *testing.T) {
	data := compress(t, "gzip", strings.Repeat(plain, 1000))
	srv := inject(t, answers(200, string(data[:len(data)/2]), "Content-Type", "text/html", "Content-Encoding", "gzip"))
	req, _ := http.NewRequest(http.MethodGet, srv.URL, nil)
	req.Header.Set("Accept", browser)
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("half a page arrived as a whole one")
	}
}

func TestValidatorsSpeakOfThePageWithTheElement(t *testing.T) {
	const modified = "Fri, 02 Jan 2026 03:04:05 GMT"
	stamp, _ := http.ParseTime(modified)
	for _, tag := range []string{`"abc"`, `W/"abc"`, ""} {
		t.Run(tag, func(t *testing.T) {
			var asked http.Header
			srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Header.Clone()
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Content-Security-Policy", "script-src 'none'")
				w.Header().Set("Digest", "sha-256=x")
				if tag != "" {
					w.Header().Set("ETag", tag)
				}
				http.ServeContent(w, r, "", stamp, strings.NewReader(plain))
			}))
			first := get(t, srv.URL, "If-None-Match", tag, "If-Modified-Since", modified)
			if first.Status != 200 || asked.Get("If-None-Match") != "" || asked.Get("If-Modified-Since") != "" {
				t.Errorf("a copy without the element was declared fresh: %d, %v", first.Status, asked)
			}
			own := first.Header.Get("ETag")
			if own == tag || !strings.HasPrefix(own, `W/"`) || first.Header.Get("Digest") != "" || first.Header.Get("Accept-Ranges") != "" {
				t.Errorf("headers speak of the page before: %v", first.Header)
			}
			again := get(t, srv.URL, "If-None-Match", `"other", `+own, "If-Modified-Since", modified)
			if again.Status != http.StatusNotModified || again.Header.Get("ETag") != own {
				t.Errorf("revalidation: %d, ETag %q, want 304 and %q", again.Status, again.Header.Get("ETag"), own)
			}
			if asked.Get("If-None-Match") != tag {
				t.Errorf("next was asked for %q, want %q", asked.Get("If-None-Match"), tag)
			}
			if got, want := again.Header.Get("Content-Security-Policy"), first.Header.Get("Content-Security-Policy"); got != want {
				t.Errorf("a 304 would replace the policy %q by %q", want, got)
			}
		})
	}
}

func TestOnlyNavigationsAskForIdentity(t *testing.T) {
	srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Accept-Encoding"))
	}))
	got := []string{get(t, srv.URL).Body, get(t, srv.URL, "Accept", "*/*").Body}
	if diff := cmp.Diff([]string{"identity", "gzip, deflate, br, zstd"}, got); diff != "" {
		t.Errorf("Accept-Encoding (-want +got):\n%s", diff)
	}
}

func TestPoliciesLetTheScriptInAndNothingElse(t *testing.T) {
	const own = "http://host.test:3000/__realtimectl/client.js"
	const conn = " http://host.test:3000/__realtimectl/ ws://host.test:3000/__realtimectl/"
	for _, tt := range []struct{ name, policy, want, nonce string }{
		{"nothing that concerns us", "img-src 'none'; frame-ancestors 'self'", "img-src 'none'; frame-ancestors 'self'", ""},
		{"none", "script-src 'none'", "script-src " + own, ""},
		{"empty", "script-src", "script-src " + own, ""},
		{"self", "script-src 'self'", "script-src 'self'", ""},
		{"star", "script-src *", "script-src *", ""},
		{"a host", "script-src https://cdn.test", "script-src https://cdn.test " + own, ""},
		{"unsafe-inline stays in force", "script-src 'unsafe-inline'", "script-src 'unsafe-inline' " + own, ""},
		{"a nonce", "script-src 'nonce-abc='", "script-src 'nonce-abc='", "abc="},
		{"strict-dynamic with a nonce", "script-src 'strict-dynamic' 'nonce-abc'", "script-src 'strict-dynamic' 'nonce-abc'", "abc"},
		{"script-src-elem governs", "script-src 'self'; script-src-elem 'none'", "script-src 'self'; script-src-elem " + own, ""},
		{"default-src stays strict", "default-src 'none'", "default-src 'none'; script-src " + own + "; connect-src" + conn, ""},
		{
			"default-src with self", "default-src 'self'; img-src *;",
			"default-src 'self'; img-src *; connect-src 'self'" + conn + ";", "",
		},
		{"connect-src", "connect-src 'self' https://api.test", "connect-src 'self' https://api.test" + conn, ""},
		{"case", "Script-Src 'NONE'; CONNECT-SRC 'none'", "Script-Src " + own + "; CONNECT-SRC" + conn, ""},
		{"two directives with one name: the first counts", "script-src 'self'; script-src 'none'", "script-src 'self'; script-src 'none'", ""},
		{"two policies", "script-src 'self', script-src https://a.test", "script-src 'self', script-src https://a.test " + own, ""},
		{
			"a nonce in one of two policies", "script-src 'nonce-n', script-src 'strict-dynamic' 'sha256-x'",
			"script-src 'nonce-n', script-src 'strict-dynamic' 'sha256-x' 'nonce-n'", "n",
		},
		{"a nonce that is none", `script-src 'nonce-"><b>'`, `script-src 'nonce-"><b>' ` + own, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range policyHeaders() {
				got := get(t, inject(t, answers(200, plain, "Content-Type", "text/html", name, tt.policy)).URL, "Host", "host.test:3000")
				if diff := cmp.Diff(tt.want, got.Header.Get(name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				tag := element
				if tt.nonce != "" {
					tag = `<script src="/__realtimectl/client.js" async nonce="` + tt.nonce + `"></script>`
				}
				if !strings.Contains(got.Body, tag) {
					t.Errorf("the page lacks %s:\n%s", tag, got.Body)
				}
			}
		})
	}
}

func TestStrictDynamicWithHashesOnlyGetsAFreshNonce(t *testing.T) {
	srv := inject(t, answers(200, plain, "Content-Type", "text/html", "Content-Security-Policy", "script-src 'strict-dynamic' 'sha256-x'"))
	var nonces []string
	for range 2 {
		got := get(t, srv.URL)
		nonce, _, _ := strings.Cut(strings.SplitAfter(got.Body, `nonce="`)[1], `"`)
		if want := "script-src 'strict-dynamic' 'sha256-x' 'nonce-" + nonce + "'"; got.Header.Get("Content-Security-Policy") != want {
			t.Errorf("policy %q, want %q", got.Header.Get("Content-Security-Policy"), want)
		}
		nonces = append(nonces, nonce)
	}
	if nonces[0] == nonces[1] {
		t.Errorf("the nonce %q was used twice", nonces[0])
	}
}

func TestAHostThatIsNoneWritesNoPolicy(t *testing.T) {
	h := Inject(answers(200, plain, "Content-Type", "text/html", "Content-Security-Policy", "script-src 'none'"), InjectOptions{ScriptURL: script})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "a;script-src *"
	r.Header.Set("Accept", browser)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if got := rec.Header().Get("Content-Security-Policy"); got != "script-src 'self'" {
		t.Errorf("policy %q", got)
	}
}

func TestEarlyHintsAndTrailersPass(t *testing.T) {
	srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, plain)
		w.Header().Set("X-Sum", "42")
	}))
	conn, r := dial(t, srv)
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
	hints, err := http.ReadResponse(r, nil)
	if err != nil || hints.StatusCode != http.StatusEarlyHints {
		t.Fatalf("%v, %v", hints, err)
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body)
	if string(text) != injected || res.Trailer.Get("X-Sum") != "42" {
		t.Errorf("body %q, trailer %v", text, res.Trailer)
	}
}

func TestWrittenConnectionsCanBeTakenOver(t *testing.T) {
	srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
		conn, _, err := rc.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<raw>")
	}))
	if got := get(t, srv.URL).Body; got != "<raw>" {
		t.Errorf("got %q", got)
	}
}

func TestAHandlerThatGivesUpBreaksTheAnswer(t *testing.T) {
	for _, coding := range []string{"", "gzip"} {
		srv := inject(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", coding)
			w.WriteHeader(200)
			_, _ = w.Write(compress(t, "gzip", plain)[:20])
			panic(http.ErrAbortHandler)
		}))
		conn, r := dial(t, srv)
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
		res, err := http.ReadResponse(r, nil)
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		if err == nil {
			t.Errorf("coding %q: a broken answer looks whole", coding)
		}
	}
}

func BenchmarkInject(b *testing.B) {
	body := "<!doctype html><html><head><title>x</title></head><body>" + strings.Repeat("<p class=\"a\">some text</p>\n", 3800)
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.Copy(w, bufio.NewReader(strings.NewReader(body)))
	})
	for name, h := range map[string]http.Handler{"injected": Inject(next, InjectOptions{ScriptURL: script}), "bare": next} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept", browser)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&sink{header: http.Header{}}, r)
			}
		})
	}
}

// sink takes an answer and forgets it.
type sink struct {
	header http.Header
	discard
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(int)     {}

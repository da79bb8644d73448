package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

func open(t *testing.T, tab context.Context, address string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
}

// wait returns once an element matches.
func wait(t *testing.T, tab context.Context, selector string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.WaitReady(selector)); err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
}

func eval(t *testing.T, tab context.Context, expression string) string {
	t.Helper()
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return text
}

func TestThePageOfADeadTargetReloadsItselfInABrowser(t *testing.T) {
	tab := realpart.Browser(t)
	address := nobody(t)
	f := front(t, address, nil)
	open(t, tab, f.URL)
	if title := eval(t, tab, "document.title"); !strings.Contains(title, "does not answer") {
		t.Fatalf("title %q", title)
	}
	l, err := net.Listen("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: answers(200, `<title>back</title><p id="back">back</p>`, "Content-Type", "text/html")}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	wait(t, tab, "#back")
}

// A browser is the judge of a policy: our script runs and connects, a foreign one does not.
func TestPoliciesInABrowser(t *testing.T) {
	tab := realpart.Browser(t)
	foreign := listen(t, answers(200, "document.documentElement.dataset.foreign = 'ran'", "Content-Type", "text/javascript"))
	const client = `const say = (key, value) => document.documentElement.dataset[key] = value;
say("own", "ran");
fetch("/__realtimectl/ping").then(() => say("connect", "yes"), () => say("connect", "no"));`
	for _, tt := range []struct{ name, header, meta string }{
		{"none", "default-src 'none'", ""},
		{"self", "default-src 'self'", ""},
		{"script-src and connect-src", "script-src 'none'; connect-src 'none'", ""},
		{"strict-dynamic with a nonce", "script-src 'strict-dynamic' 'nonce-page'; connect-src 'none'", ""},
		{"strict-dynamic with a hash", "script-src 'strict-dynamic' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", ""},
		{"two policies", "script-src 'nonce-page', default-src 'none'", ""},
		{"in the page", "", "default-src 'none'"},
		{"in both", "script-src 'self'", "script-src 'strict-dynamic' 'nonce-page'; connect-src 'none'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			meta := ""
			if tt.meta != "" {
				meta = fmt.Sprintf("<meta http-equiv=Content-Security-Policy content=%q>", tt.meta)
			}
			mux := http.NewServeMux()
			mux.Handle("/", answers(200, "<!doctype html><head>"+meta+"</head><body><script src="+foreign.URL+"/x.js></script><p id=end>end",
				"Content-Type", "text/html", "Content-Security-Policy", tt.header))
			mux.Handle(script, answers(200, client, "Content-Type", "text/javascript"))
			mux.Handle("/__realtimectl/ping", answers(200, "", "Content-Type", "text/plain"))
			open(t, tab, inject(t, mux).URL)
			wait(t, tab, "#end")
			wait(t, tab, "html[data-connect]")
			const seen = "document.documentElement.dataset"
			got := eval(t, tab, seen+`.own + " " + `+seen+`.connect + " " + (`+seen+`.foreign || "blocked")`)
			if want := "ran yes blocked"; got != want {
				t.Errorf("own script, connection, foreign script: %s; want %s", got, want)
			}
		})
	}
}

func TestTheAddressInAPolicyIsTheOneInTheBar(t *testing.T) {
	u, err := url.Parse(inject(t, answers(200, plain, "Content-Type", "text/html", "Content-Security-Policy", "script-src 'none'")).URL)
	if err != nil {
		t.Fatal(err)
	}
	got := get(t, u.String(), "Host", "app.localhost:"+u.Port()).Header.Get("Content-Security-Policy")
	if want := "script-src http://app.localhost:" + u.Port() + script; got != want {
		t.Errorf("policy %q, want %q", got, want)
	}
}

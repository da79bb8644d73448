package e2e

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// pageLimit bounds one page of the matrix; its steps give up earlier and say where.
const pageLimit = time.Minute

func TestEveryClientInTheBrowser(t *testing.T) {
	needSetup(t, "node", "chromium")
	base := startServer(t)
	browser := realpart.Browser(t)
	versions := []string{"1.0", "1.2", "1.3", "1.4", "1.7", "2.0", "2.5", "3.0", "3.1", "4.0", "4.5", "4.8", "own", "4.8-msgpack", "own-msgpack"}
	for _, version := range versions {
		for _, list := range transports {
			t.Run(version+"/"+list, func(t *testing.T) {
				t.Parallel()
				query := url.Values{"client": {version}, "transports": {list}, "tag": {version + ":" + list}}
				got := resultOf(t, browser, base+"/case.html?"+query.Encode())
				if diff := cmp.Diff(wantSeen(t, list), got); diff != "" {
					t.Errorf("seen by the page (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestAngularSocketIO(t *testing.T) {
	needSetup(t, "node", "chromium")
	base := startServer(t)
	browser := realpart.Browser(t)
	want := outcome{Seen: map[string]any{
		"forwarded":    "Programação €😀",
		"list":         "Programação €😀",
		"acknowledged": "é€😀",
		"disconnect":   "io client disconnect",
	}}
	for _, version := range []string{"1.7", "2.5", "4.8", "own"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			query := url.Values{"client": {version}, "tag": {version}}
			got := resultOf(t, browser, base+"/angular.html?"+query.Encode())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seen by the page (-want +got):\n%s", diff)
			}
		})
	}
}

// resultOf opens a page in a tab of its own and waits for window.result.
func resultOf(t *testing.T, browser context.Context, page string) outcome {
	t.Helper()
	tab, closeTab := chromedp.NewContext(browser)
	defer closeTab()
	// The first call on a context fixes how long its tab lives, so that one has no limit.
	if err := chromedp.Do(tab, chromedp.Navigate(page)); err != nil {
		t.Fatalf("open %s: %v", page, err)
	}
	limited, cancel := context.WithTimeout(tab, pageLimit)
	defer cancel()
	text, err := chromedp.Run(limited, chromedp.Evaluate[string](`window.result.then(JSON.stringify)`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("result of %s: %v", page, err)
	}
	var got outcome
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("the page said %q: %v", text, err)
	}
	if got.Error != "" {
		t.Fatal(got.Error)
	}
	return got
}

package livereload_test

import (
	"testing"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// color is the computed colour of the first element that a selector finds.
func color(selector string) string {
	return "getComputedStyle(document.querySelector('" + selector + "')).color"
}

const (
	red   = "'rgb(255, 0, 0)'"
	green = "'rgb(0, 128, 0)'"
	blue  = "'rgb(0, 0, 255)'"
)

func TestStyleSheetIsSwappedWithoutAReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html":   `<!doctype html><head><link rel="stylesheet" href="/app/jobs.css?v=1" integrity="" title=""></head><p>text`,
		"app/jobs.css": "p{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red)
	b.mark()
	s.save(1, "app/jobs.css", "p{color:green}")
	b.until(color("p") + "===" + green)
	s.save(1, "app/jobs.css", "p{color:blue}")
	b.until(color("p") + "===" + blue + " && document.querySelectorAll('link').length === 1")
	b.notReloaded()
}

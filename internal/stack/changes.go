package stack

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/internal/watch"
)

// changes is the first flow: what was saved goes through the pipeline, and the pages
// that use the outcome are told.
type changes struct {
	dir     string // the project, for names in messages
	rebuild func(ctx context.Context, paths []string) (pipeline.Result, error)
	resolve func(file string) (urlPaths []string)
	notify  func(livereload.Change) (pages int)
	rules   []string // the configuration file and those its relay rules name
	reread  func()   // reads them again
	// foreign says that the pages come from a server that is not ours, whose URLs can
	// only be guessed.
	foreign bool
	// hot is the name of such a server if it tells its pages of changes by itself.
	hot    string
	exists func(path string) bool
	open   func() int // pages, whatever they use
	log    *slog.Logger
	told   diag.List // what was last found wrong
}

// apply takes one batch through the flow; it is called for one batch at a time.
func (c *changes) apply(ctx context.Context, batch watch.Batch) {
	started := time.Now()
	isRule := func(path string) bool { return slices.Contains(c.rules, path) }
	if slices.ContainsFunc(batch.Paths, isRule) {
		c.reread()
	}
	saved := slices.DeleteFunc(slices.Clone(batch.Paths), isRule)
	if len(saved) == 0 {
		return
	}
	what := saved
	if batch.Rescan {
		what = nil // notifications were lost: anything may have changed
	}
	result, err := c.rebuild(ctx, what)
	if err != nil {
		if ctx.Err() == nil {
			c.log.Error(fmt.Sprintf("rebuild failed: %v", err), "event", "change.failed")
		}
		return
	}
	urls := c.urls(result.Changed)
	pages := c.tell(urls, result)
	old := c.told
	c.told = result.Diagnostics
	if len(urls) == 0 && pages == 0 && slices.Equal(result.Diagnostics, old) {
		c.log.Debug(c.names(saved)+" changed; nothing that is served depends on it", "event", "change.ignored")
		return
	}
	left := 0
	if !c.breaks(saved, result.Diagnostics, old) {
		left = mistakes(result.Diagnostics)
		result.Diagnostics = slices.DeleteFunc(slices.Clone(result.Diagnostics), func(d diag.Diagnostic) bool {
			return slices.Contains(old, d) // everybody knows it
		})
	}
	c.report(saved, urls, result, pages, left, time.Since(started))
}

// breaks reports whether it is these files that make the project wrong: a mistake is new,
// or in one of them.
func (c *changes) breaks(saved []string, list, old diag.List) bool {
	names := c.relative(saved)
	return slices.ContainsFunc(list, func(d diag.Diagnostic) bool {
		return d.Severity != diag.Warning && (!slices.Contains(old, d) || slices.Contains(names, d.Path))
	})
}

func mistakes(list diag.List) int {
	n := 0
	for _, d := range list {
		if d.Severity != diag.Warning {
			n++
		}
	}
	return n
}

// tell lets the pages know. Without a path they still hear that what was broken is whole
// again. Pages of a foreign server all reload, unless a stylesheet that changed is one
// they use, or their server tells them itself.
func (c *changes) tell(urls []string, result pipeline.Result) (pages int) {
	change := livereload.Change{Paths: urls, Diagnostics: result.Diagnostics}
	switch {
	case c.hot != "":
		return c.notify(livereload.Change{Diagnostics: result.Diagnostics})
	case !c.foreign:
		return c.notify(change)
	}
	if len(urls) > 0 && action(urls) == "injected" {
		if pages = c.notify(change); pages > 0 {
			return pages
		}
	}
	return c.notify(livereload.Change{All: true, Diagnostics: result.Diagnostics})
}

// report says in one line what was done with a change, how long it took, how many pages it
// reached, and how many mistakes of other files are left.
func (c *changes) report(saved, urls []string, result pipeline.Result, pages, left int, took time.Duration) {
	done := c.done(saved, urls, result, pages)
	attrs := []any{"files", c.relative(saved), "urls", urls, "action", done, "ms", took.Milliseconds(), "pages", pages}
	if len(result.Diagnostics) > 0 {
		attrs = append(attrs, "diagnostics", result.Diagnostics)
	}
	if result.Diagnostics.Err() != nil {
		c.log.Error(c.line(saved, done, took, "open pages stay as they are"), append([]any{"event", "change.broken"}, attrs...)...)
		return
	}
	reach := c.reach(pages)
	if left > 0 {
		reach += ", " + count(left, "mistake") + " elsewhere"
	}
	c.log.Info(c.line(saved, done, took, reach), append([]any{"event", "change.applied"}, attrs...)...)
}

// line is the form of every line about a change: type, file, what was done, how long it
// took, whom it reached.
func (c *changes) line(saved []string, done string, took time.Duration, reach string) string {
	return fmt.Sprintf("%-4s  %s  %s  %d ms  %s", kind(saved), c.names(saved), done, took.Milliseconds(), reach)
}

// done is what was done with a change, in a word.
func (c *changes) done(saved, urls []string, result pipeline.Result, pages int) string {
	switch {
	case result.Diagnostics.Err() != nil:
		return "broken"
	case pages > 0:
		return action(urls)
	case c.hot != "":
		return "saved"
	case slices.ContainsFunc(saved, c.exists):
		return "rebuilt"
	}
	return "removed"
}

// reach says whom a change reached.
func (c *changes) reach(pages int) string {
	switch {
	case c.hot != "":
		return "the pages hear of it from " + c.hot
	case pages > 0:
		return count(pages, "page")
	case c.open() == 0:
		return "no page is open"
	}
	return "no open page uses it"
}

// urls maps files to the paths under which they are served; files that are not served,
// or are hidden by another layer, fall out.
func (c *changes) urls(files []string) []string {
	urls := make([]string, 0, len(files))
	for _, file := range files {
		urls = append(urls, c.resolve(file)...)
	}
	return urls
}

// action is what the pages do with the change.
func action(urls []string) string {
	for _, url := range urls {
		if !livereload.CanSwap(url) {
			return "reloaded"
		}
	}
	if len(urls) == 0 {
		return "reloaded"
	}
	return "injected"
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// kind is the type of the first file, as a word of at most four letters.
func kind(paths []string) string {
	ext := strings.TrimPrefix(filepath.Ext(paths[0]), ".")
	if ext == "" || len(ext) > 4 {
		return "file"
	}
	return ext
}

// names lists the files of a message: all of two, the first and a number of more.
func (c *changes) names(paths []string) string {
	rel := c.relative(paths)
	if len(rel) <= 2 {
		return strings.Join(rel, ", ")
	}
	return fmt.Sprintf("%s and %d more", rel[0], len(rel)-1)
}

func (c *changes) relative(paths []string) []string {
	rel := make([]string, len(paths))
	for i, path := range paths {
		rel[i] = path
		if r, err := filepath.Rel(c.dir, path); err == nil {
			rel[i] = filepath.ToSlash(r)
		}
	}
	return rel
}

// count is a number with its noun: "1 page", "2 pages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

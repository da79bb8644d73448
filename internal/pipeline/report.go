package pipeline

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Report is what a build made.
type Report struct {
	Out         string        `json:"out"`            // the output folder, absolute
	Task        string        `json:"task,omitempty"` // what of the project's gulpfile has made it; "" = our own steps have
	Files       []File        `json:"files"`
	Duration    time.Duration `json:"duration"`              // nanoseconds
	Diagnostics diag.List     `json:"diagnostics,omitempty"` // warnings
}

// File is one file of the output, without its compressed siblings. Sizes are bytes; 0
// stands for a sibling that was not made, because it was not asked for, because the
// file is tiny or because it does not shrink.
type File struct {
	Path   string `json:"path"`             // below the output folder, with slashes
	Source string `json:"source,omitempty"` // what it was made from, relative to the sources
	Raw    int64  `json:"raw"`
	Gzip   int64  `json:"gzip,omitempty"`
	Brotli int64  `json:"brotli,omitempty"`
	Zstd   int64  `json:"zstd,omitempty"`
	// Before is the raw size that the same source had in the last build; -1 when it was
	// not in it or when nothing is known of it.
	Before int64 `json:"before"`
	// Parts are the sources that the file was made of, the largest first; only with
	// BuildOptions.Analyze.
	Parts []Part `json:"parts,omitempty"`
}

// Part is what one source contributes to a file of the output.
type Part struct {
	Source string `json:"source"` // relative to the project
	// Bytes is the size in the output of a module or a stylesheet, after minifying; of a
	// script that was joined to others, the size before it.
	Bytes int64 `json:"bytes"`
}

// Total returns the sums over all files but source maps; Before is the sum of the known
// ones. A file without a compressed sibling counts with its raw size.
func (r *Report) Total() File {
	total := File{Path: "total"}
	for _, f := range r.Files {
		if path.Ext(f.Path) == ".map" {
			continue
		}
		total.Raw += f.Raw
		total.Gzip += orRaw(f.Gzip, f.Raw)
		total.Brotli += orRaw(f.Brotli, f.Raw)
		total.Before += max(f.Before, 0)
	}
	return total
}

func orRaw(n, raw int64) int64 {
	if n == 0 {
		return raw
	}
	return n
}

// Budget limits the size of some files together.
type Budget struct {
	// Files is a glob over output paths ("assets/*.js", "**/*.css", "**").
	Files string
	// Of is what counts: "raw", "gzip" or "brotli"; "" = "brotli", what most visitors load.
	Of string
	// Max is the limit in bytes.
	Max int64
}

// report describes the output, sorted by path.
func (b *builder) report(files []output) *Report {
	source := map[string]string{}
	for from, to := range b.sink.names {
		if other, ok := source[to]; !ok || from < other {
			source[to] = from
		}
	}
	r := &Report{Out: b.out, Task: b.task, Diagnostics: b.found}
	for _, f := range files {
		file := File{
			Path: f.name, Source: source[f.name], Before: -1, Raw: int64(len(f.raw)),
			Gzip: int64(len(f.gzip)), Brotli: int64(len(f.brotli)), Zstd: int64(len(f.zstd)),
		}
		file.Parts = b.parts[f.name]
		slices.SortStableFunc(file.Parts, func(x, y Part) int {
			return cmp.Or(cmp.Compare(y.Bytes, x.Bytes), strings.Compare(x.Source, y.Source))
		})
		if old, ok := b.before[orDefault(file.Source, file.Path)]; ok {
			file.Before = old.Size
		}
		r.Files = append(r.Files, file)
	}
	return r
}

// manifest lists the files by source; what has no source by its own path.
func (r *Report) manifest() manifest {
	m := manifest{Generator: generator, Files: map[string]entry{}}
	for _, f := range r.Files {
		if path.Ext(f.Path) == ".map" {
			continue
		}
		key := orDefault(f.Source, f.Path)
		if _, hashed := m.Files[key]; hashed && f.Source == "" {
			continue // a second name of a file that is known by its first
		}
		m.Files[key] = entry{File: f.Path, Size: f.Raw, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd}
	}
	return m
}

// overBudget returns one error for every limit that the output exceeds.
func (b *builder) overBudget(r *Report) diag.List {
	var list diag.List
	for _, budget := range b.opts.Budgets {
		if !doublestar.ValidatePattern(budget.Files) {
			list = append(list, budgetError(fmt.Sprintf("build.budget: %q is not a valid glob", budget.Files), ""))
			continue
		}
		sum, matched := budget.sum(r.Files)
		if sum > budget.Max {
			list = append(list, budgetError(
				fmt.Sprintf("%s weighs %d bytes (%s), %d over its budget of %d", budget.Files, sum, orDefault(budget.Of, "brotli"), sum-budget.Max, budget.Max),
				"the largest: "+strings.Join(matched, ", ")))
		}
	}
	return list
}

func budgetError(message, hint string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Source: "budget", Message: message, Hint: hint}
}

// namedInBudget bounds how many files an exceeded budget names.
const namedInBudget = 3

// sum adds up the matching files and names the largest of them.
func (budget Budget) sum(files []File) (sum int64, largest []string) {
	var matched []File
	for _, f := range files {
		if ok, _ := doublestar.Match(budget.Files, f.Path); ok && path.Ext(f.Path) != ".map" {
			matched = append(matched, f)
			sum += budget.size(f)
		}
	}
	slices.SortStableFunc(matched, func(x, y File) int { return int(budget.size(y) - budget.size(x)) })
	for _, f := range matched[:min(len(matched), namedInBudget)] {
		largest = append(largest, fmt.Sprintf("%s %d", f.Path, budget.size(f)))
	}
	return sum, largest
}

func (budget Budget) size(f File) int64 {
	switch budget.Of {
	case "raw":
		return f.Raw
	case "gzip":
		return orRaw(f.Gzip, f.Raw)
	}
	return orRaw(f.Brotli, f.Raw)
}

package run_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// TestFountainProjectIsBuiltAsByItsOwnGulp compares, file by file, what the tasks of a
// project of the official generator make here with what its own gulp has made of it. More
// projects lie in the folders that FOUNTAIN_PROJECTS names, separated by colons, as
// bench/build/oracle.sh makes them.
func TestFountainProjectIsBuiltAsByItsOwnGulp(t *testing.T) {
	for _, dir := range append(filepath.SplitList(os.Getenv("FOUNTAIN_PROJECTS")), realpart.Made(t, "fountain")) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			want := made(t, filepath.Join(dir, ".tmp"))
			if len(want) == 0 {
				t.Fatal("its own gulp has made nothing")
			}
			plan, err := record.Record(dir, record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r := run.New(run.Options{Dir: dir, Plan: plan, Outputs: []string{".tmp", "dist"}})
			got := map[string]string{}
			for _, task := range []string{"partials", "inject"} {
				result, err := r.Run(t.Context(), task)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range result.Diagnostics {
					t.Log(d.Error())
				}
				for name, data := range result.Files {
					got[strings.TrimPrefix(name, ".tmp/")] = normal(name, string(data))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("files (-gulp +ours):\n%s", diff)
			}
			t.Logf("%d files are the same", len(got))
		})
	}
}

// made reads a folder that gulp has written.
func made(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		name, _ := filepath.Rel(dir, file)
		files[filepath.ToSlash(name)] = normal(name, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var (
	blank = regexp.MustCompile(`\s+`)
	// inlineMap is a map inside a stylesheet: where it leads is the same, how it is
	// written is each tool's own.
	inlineMap = regexp.MustCompile(`/\*# sourceMappingURL=data:\S+ \*/`)
	// vendor is what prefixes for browsers of long ago are written as: those are left out
	// here, on purpose.
	vendor = regexp.MustCompile(`[^{};]*::?-(?:ms|moz|webkit)-[\w-]+[^{}]*\{[^{}]*\}|[\w-]+:\s*-(?:ms|moz|webkit)-[^;]*;|-(?:ms|moz|webkit)-[\w-]+:[^;]*;`)
)

// normal evens what may differ: white space, but not in scripts; in styles inline source
// maps and vendor prefixes.
func normal(name, data string) string {
	// Which of two folders of one depth comes first is a race in node.
	if strings.HasSuffix(name, "templateCacheHtml.js") {
		puts := strings.Split(data, "$templateCache.put(")
		for i, p := range puts {
			puts[i] = strings.TrimSuffix(strings.TrimSuffix(p, "\n"), "}]);")
		}
		slices.Sort(puts)
		return strings.Join(puts, "\n")
	}
	if strings.HasSuffix(name, ".js") {
		return data
	}
	if strings.HasSuffix(name, ".html") {
		tags := strings.SplitAfter(data, ">")
		slices.Sort(tags)
		data = strings.Join(tags, "")
	}
	return strings.TrimSpace(blank.ReplaceAllString(vendor.ReplaceAllString(inlineMap.ReplaceAllString(data, ""), ""), " "))
}

package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLinksInTheDocsLeadSomewhere follows the links of every Markdown file that stay
// in the repository, to the headings that they name.
func TestLinksInTheDocsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range markdown(t, ".") {
		for _, m := range link.FindAllStringSubmatch(prose(t, page), -1) {
			if regexp.MustCompile(`^[a-z]+:`).MatchString(m[1]) {
				continue // elsewhere
			}
			path, heading, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
				continue
			}
			if heading != "" && !slices.Contains(headings(t, target), heading) {
				t.Errorf("%s: %s: there is no such heading", page, m[1])
			}
		}
	}
}

func TestEveryPageOfTheDocsIsInTheIndex(t *testing.T) {
	index := read(t, "docs/README.md")
	for _, page := range markdown(t, "docs") {
		name := strings.TrimPrefix(page, "docs/")
		if name != "README.md" && !strings.HasPrefix(name, "reference/") && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not name %s", name)
		}
	}
}

// TestMessagesInTheDocsAreThoseOfTheProgram looks up each heading of the page that
// explains messages: it quotes one, with … for what differs.
func TestMessagesInTheDocsAreThoseOfTheProgram(t *testing.T) {
	source := messages(t)
	quoted := regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(read(t, "docs/troubleshooting.md"), -1)
	if len(quoted) == 0 {
		t.Fatal("the page quotes no message")
	}
	for _, m := range quoted {
		for part := range strings.SplitSeq(m[1], "…") {
			if !strings.Contains(source, strings.Trim(part, " ")) {
				t.Errorf("%q: the program never says %q", m[1], part)
			}
		}
	}
}

// messages are the sources that ship, Go and TypeScript, with the quotes of strings
// unescaped.
func messages(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{"cmd", "internal"} {
		walk(t, dir, func(path string) {
			if strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".ts"}, filepath.Ext(path)) {
				return
			}
			all.WriteString(strings.ReplaceAll(read(t, path), `\"`, `"`))
		})
	}
	return all.String()
}

// markdown lists the Markdown files below a folder that are ours.
func markdown(t *testing.T, dir string) (pages []string) {
	t.Helper()
	walk(t, dir, func(path string) {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
	})
	return pages
}

func walk(t *testing.T, dir string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() != "." && d.Name()[0] == '.'):
			return filepath.SkipDir
		case !d.IsDir():
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// prose is a page without its blocks of code.
func prose(t *testing.T, page string) string {
	t.Helper()
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(read(t, page), "")
}

// headings are the names by which links reach the headings of a page.
func headings(t *testing.T, page string) (names []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose(t, page), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is one step of a page: a fenced block, or a window directive.
type block struct {
	line   int    // of its text, from 1
	kind   string // the word behind the fence, or the first one of a directive
	file   string // the file whose whole content it is; "" for none
	notRun string // why it cannot run in a test; "" if it can
	window string // which window; "" for a fenced block
	text   string
}

var (
	fence = regexp.MustCompile("^```(\\S*)\\s*(.*)$")
	names = regexp.MustCompile("`([^`\\s]+)`:$")
)

// languages are the words that may stand behind a fence. Whatever is not among them
// would not be tested, so it is refused.
func languages() []string {
	return []string{"sh", "console", "yaml", "events", "js", "html", "css", "json", "php", "go", "python", "ruby", "text"}
}

// readPage cuts a Markdown file into its blocks.
func readPage(t *testing.T, path string) []block {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := parsePage(string(text))
	if err != nil {
		t.Fatalf("%s:%v", path, err)
	}
	return blocks
}

func parsePage(text string) (blocks []block, err error) {
	before := "" // the last line that was not empty
	rows := strings.Split(text, "\n")
	for i := 0; i < len(rows); i++ {
		row := rows[i]
		if b, ok := parseDirective(row); ok {
			b.line = i + 1
			blocks = append(blocks, b)
		}
		if strings.HasPrefix(strings.TrimLeft(row, " >\t"), "```") {
			b, end, err := parseFence(rows, i, before)
			if err != nil {
				return nil, fmt.Errorf("%d: %w", i+1, err)
			}
			blocks, i = append(blocks, b), end
		}
		if strings.TrimSpace(row) != "" {
			before = row
		}
	}
	return blocks, nil
}

// parseDirective reads a comment that is for the test alone.
func parseDirective(row string) (b block, ok bool) {
	text, isComment := strings.CutPrefix(row, "<!-- ")
	text, ends := strings.CutSuffix(text, " -->")
	if !isComment || !ends {
		return b, false
	}
	b.kind, b.text, _ = strings.Cut(text, " ")
	if b.kind == "window" {
		b.window, b.text, _ = strings.Cut(b.text, ": ")
	}
	return b, true
}

// parseFence reads the block that begins in a row, and returns the row that ends it.
func parseFence(rows []string, start int, before string) (b block, end int, err error) {
	m := fence.FindStringSubmatch(rows[start])
	if m == nil {
		return b, 0, fmt.Errorf("an indented block would not be tested")
	}
	b = block{line: start + 2, kind: m[1]}
	if !slices.Contains(languages(), b.kind) {
		return b, 0, fmt.Errorf("%q is none of %v", b.kind, languages())
	}
	if m[2] != "" {
		reason, ok := strings.CutPrefix(m[2], "not-run: ")
		if !ok {
			return b, 0, fmt.Errorf("%q is not not-run: REASON", m[2])
		}
		b.notRun = reason
	}
	if n := names.FindStringSubmatch(before); n != nil && !slices.Contains([]string{"sh", "console", "events", "text"}, b.kind) {
		b.file = n[1]
	}
	length := slices.Index(rows[start+1:], "```")
	if length < 0 {
		return b, 0, fmt.Errorf("the block has no end")
	}
	end = start + 1 + length
	b.text = strings.Join(rows[start+1:end], "\n") + "\n"
	return b, end, nil
}

func TestABlockThatNobodyWouldRunIsRefused(t *testing.T) {
	for _, text := range []string{
		"- item\n  ```sh\n  ls\n  ```\n",
		"> ```sh\n> ls\n> ```\n",
		"```bash\nls\n```\n",
		"```\nls\n```\n",
		"```sh skip\nls\n```\n",
		"```sh\nls\n",
	} {
		if blocks, err := parsePage(text); err == nil {
			t.Errorf("%q is taken for %+v", text, blocks)
		}
	}
}

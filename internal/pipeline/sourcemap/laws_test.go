package sourcemap

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	consumer "github.com/go-sourcemap/sourcemap"
	"github.com/google/go-cmp/cmp"
)

// eachSeed runs a law with a hundred sources of chance; what fails says which.
func eachSeed(t *testing.T, law func(t *testing.T, r *rand.Rand)) {
	t.Helper()
	for seed := range uint64(100) {
		if law(t, rand.New(rand.NewPCG(seed, 1))); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// randomText has words of one to four letters; no two of the whole test are the same
// unless count is the same.
func randomText(r *rand.Rand, prefix string) string {
	var b strings.Builder
	for i := range 1 + r.IntN(12) {
		fmt.Fprintf(&b, "%s%d", prefix, i)
		b.WriteString([]string{" ", "\n", ";", "é ", "𝒳;", "\n\n", " + "}[r.IntN(7)])
	}
	return b.String()
}

// wordsOf lists the words of a text that randomText has made.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z') })
}

// randomMap leads from some lines to some sources.
func randomMap(r *rand.Rand, sources int) *Map {
	m := &Map{File: "out.js"}
	for i := range sources {
		content := fmt.Sprint("text ", i)
		m.Sources = append(m.Sources, fmt.Sprintf("s%d.js", i))
		m.Contents = append(m.Contents, []*string{nil, &content}[r.IntN(2)])
	}
	m.Names = []string{"one", "two"}
	for range 1 + r.IntN(8) {
		var line []Segment
		for column := r.IntN(3); column < 40; column += 1 + r.IntN(20) {
			s := nowhere(column)
			if r.IntN(5) > 0 {
				s = Segment{Column: column, Source: r.IntN(sources), Line: r.IntN(300), SourceColumn: r.IntN(2000), Name: r.IntN(3) - 1}
			}
			line = append(line, s)
		}
		m.Lines = append(m.Lines, line)
	}
	return m
}

func TestWhatIsWrittenIsReadByUsAndByOthers(t *testing.T) {
	eachSeed(t, func(t *testing.T, r *rand.Rand) {
		m := randomMap(r, 1+r.IntN(4))
		again, err := Parse(m.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m.Lines, again.Lines); diff != "" {
			t.Errorf("lines (-written +read):\n%s", diff)
		}
		other, err := consumer.Parse("", m.JSON())
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range m.Lines {
			for _, s := range line {
				if s.Source < 0 {
					continue
				}
				source, _, l, c, ok := other.Source(n+1, s.Column)
				if !ok || source != m.Sources[s.Source] || l != s.Line+1 || c != s.SourceColumn {
					t.Errorf("another reader is led from %d:%d to %s:%d:%d, %t, want %+v", n, s.Column, source, l, c, ok, s)
				}
			}
		}
	})
}

func TestAComposedMapLeadsWhereItsPartsLead(t *testing.T) {
	eachSeed(t, func(t *testing.T, r *rand.Rand) {
		before, after := randomMap(r, 3), &Map{Sources: []string{"out.js"}}
		for range 1 + r.IntN(3) {
			var line []Segment
			for column := 0; column < 40; column += 1 + r.IntN(8) {
				line = append(line, Segment{Column: column, Line: r.IntN(len(before.Lines) + 2), SourceColumn: r.IntN(45), Name: -1})
			}
			after.Lines = append(after.Lines, line)
		}
		composed := after.Through(before)
		for n := range after.Lines {
			for column := range 42 {
				place := Segment{Line: n, SourceColumn: column}
				middle, ok := after.at(place)
				var want Segment
				if ok {
					want, ok = before.at(middle)
				}
				got, found := composed.at(place)
				if found != ok || ok && (got.Source != want.Source || got.Line != want.Line || got.SourceColumn != want.SourceColumn) {
					t.Errorf("%d:%d leads to %+v, %t, want %+v, %t", n, column, got, found, want, ok)
				}
			}
		}
	})
}

func TestEveryWordOfJoinedFilesLeadsToItsOwn(t *testing.T) {
	eachSeed(t, func(t *testing.T, r *rand.Rand) {
		var j Joiner
		want := map[string]string{}
		text := ""
		add := func(content string, m *Map) {
			j.Add(content, m)
			text += content
		}
		for i := range 1 + r.IntN(5) {
			content := randomText(r, string(rune('a'+i))+"x")
			m := Of(fmt.Sprintf("%d.js", i), content)
			for _, word := range wordsOf(content) {
				want[word] = origin(t, m, content, word)
			}
			add(content, m)
			add([]string{"", ";", "\n", ";\n\n", "/* x */"}[r.IntN(5)], nil)
		}
		m := j.Map()
		for word, place := range want {
			if got := origin(t, m, text, word); got != place {
				t.Errorf("%s comes from %s, want %s, in\n%s", word, got, place, text)
			}
		}
	})
}

func TestTextThatIsPutInMovesWordsAndNoOrigins(t *testing.T) {
	eachSeed(t, func(t *testing.T, r *rand.Rand) {
		content := randomText(r, "x")
		before := Of("a.js", content)
		var at, widths []int
		edited, last := "", 0
		for _, word := range wordsOf(content) {
			if r.IntN(2) == 0 {
				continue
			}
			offset := strings.Index(content, word)
			insert := []string{"[", "𝒳(", "é, "}[r.IntN(3)]
			at, widths = append(at, offset), append(widths, Units(insert))
			edited += content[last:offset] + insert
			last = offset
		}
		edited += content[last:]
		head := []string{"", "\n", "/* é */", "a\nbb "}[r.IntN(4)]
		moved := before.Inserted(content, at, widths).Moved(strings.Count(head, "\n"), Units(head[strings.LastIndexByte(head, '\n')+1:]))
		for _, word := range wordsOf(content) {
			if got, want := origin(t, moved, head+edited, word), origin(t, before, content, word); got != want {
				t.Errorf("%s comes from %s, want %s, in\n%s", word, got, want, head+edited)
			}
		}
	})
}

func TestAMapOfAFileLeadsEachOfItsWordsToItself(t *testing.T) {
	eachSeed(t, func(t *testing.T, r *rand.Rand) {
		content := randomText(r, "w")
		through := Of("b.js", content).Through(Of("a.js", content))
		for _, word := range wordsOf(content) {
			place := origin(t, through, content, word)
			if want := "a.js" + strings.TrimPrefix(origin(t, Of("b.js", content), content, word), "b.js"); place != want {
				t.Errorf("%s leads to %s, want %s", word, place, want)
			}
		}
	})
}

func TestAMapOfSectionsIsRefused(t *testing.T) {
	if m, err := Parse([]byte(`{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"mappings":"AAAA"}}]}`)); err == nil {
		t.Errorf("read as %+v", m)
	}
}

func TestSourcesHaveTheirRootBeforeThem(t *testing.T) {
	for _, c := range []struct{ root, source, want string }{
		{"", "a.js", "a.js"},
		{"src", "a.js", "src/a.js"},
		{"src/", "a.js", "src/a.js"},
		{"/", "../a.js", "/../a.js"},
		{"https://x.example/y/", "a.js", "https://x.example/y/a.js"},
		{"src", "/a.js", "/a.js"},
		{"src", "webpack:///a.js", "webpack:///a.js"},
	} {
		if got := (&Map{Root: c.root, Sources: []string{c.source}}).Source(0); got != c.want {
			t.Errorf("%q before %q gives %q, want %q", c.root, c.source, got, c.want)
		}
	}
}

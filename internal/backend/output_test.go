package backend

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestCleanLeavesTextAndColours(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain é😀\ttab", "plain é😀\ttab"},
		{"ends\r", "ends"},
		{"10%\r50%\r100%", "100%"},
		{"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"},
		{"\x1b[38;5;200mopen", "\x1b[38;5;200mopen\x1b[0m"},
		{"\x1b[38:2::1:2:3mopen", "\x1b[38:2::1:2:3mopen\x1b[0m"},
		{"\x1b[2J\x1b[H\x1b[Kcleared", "cleared"},
		{"\x1b[?25lhidden\x1b[?25h", "hidden"},
		{"\x1b]0;title\x07text", "text"},
		{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"\x1b(Bset\x1b=x", "setx"},
		{"a\x07b\x00c\u009bd", "abcd"},
		{"lone \x1b", "lone "},
		{"\x1b[>4;2mxterm", "xterm"},
		{"bad \xff utf8", "bad \ufffd utf8"},
	}
	for _, tt := range tests {
		if got := clean([]byte(tt.in)); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzCleanLetsNoCommandThrough(f *testing.F) {
	f.Add([]byte("\x1b[31mred\x1b[0m\x1b[2J"))
	f.Add([]byte("\x1b\x1b[31m]0;x\x07"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got := clean(in)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		rest := escapes.ReplaceAllStringFunc(got, func(seq string) string {
			if !isColour(seq) {
				t.Errorf("%q holds %q", got, seq)
			}
			return ""
		})
		if i := strings.IndexFunc(rest, isControl); i >= 0 {
			t.Errorf("%q holds a control character", got)
		}
	})
}

func TestLinesAreWholeHoweverTheyArrive(t *testing.T) {
	text := "one\ntwo é\n\nlast"
	for size := 1; size < len(text); size++ {
		var got []string
		chunks := make(chan []byte)
		go func() {
			defer close(chunks)
			for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				chunks <- rest[:min(size, len(rest))]
			}
		}()
		splitLines(chunks, func(line string) { got = append(got, line) })
		if diff := cmp.Diff([]string{"one", "two é", "", "last"}, got); diff != "" {
			t.Errorf("in pieces of %d (-want +got):\n%s", size, diff)
		}
	}
}

func TestALineWithoutEndIsCutBetweenCharacters(t *testing.T) {
	var got []string
	rest := cutLines([]byte(strings.Repeat("é", maxLine)+"x"), func(line string) { got = append(got, line) })
	got = append(got, string(rest))
	if joined := strings.Join(got, ""); len(got) < 3 || joined != strings.Repeat("é", maxLine)+"x" {
		t.Errorf("%d pieces", len(got))
	}
	for _, line := range got {
		if len(line) > maxLine || !utf8.ValidString(line) {
			t.Errorf("a piece of %d bytes, valid %v", len(line), utf8.ValidString(line))
		}
	}
}

func TestAPromptIsShownAfterAMomentOfRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chunks, lines := make(chan []byte), make(chan string, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			splitLines(chunks, func(line string) { lines <- line })
		}()
		chunks <- []byte("na")
		time.Sleep(lineRest - time.Millisecond)
		chunks <- []byte("me? ")
		time.Sleep(lineRest - time.Millisecond)
		select {
		case line := <-lines:
			t.Errorf("%q came while the program still wrote", line)
		default:
		}
		if got := <-lines; got != "name? " {
			t.Errorf("got %q", got)
		}
		close(chunks)
		<-done
	})
}

func TestStateSaysWhatABannerShows(t *testing.T) {
	got := []string{
		State{Phase: Healthy, Took: 312400 * time.Microsecond}.String(),
		State{Phase: Unhealthy, Reason: "nothing listens on port 8000"}.String(),
		State{Phase: Stopping}.String(),
	}
	if diff := cmp.Diff([]string{"healthy 312 ms", "unhealthy: nothing listens on port 8000", "stopping"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkLines(b *testing.B) {
	chunk := []byte(strings.Repeat("2026-11-02 \x1b[32mINFO\x1b[0m GET /api/jobs 200 3ms\n", 60))
	b.ReportAllocs()
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		cutLines(chunk, func(string) {})
	}
}

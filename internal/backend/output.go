package backend

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// maxLine bounds one line: a program that never ends one must not fill our memory.
const maxLine = 64 << 10 // bytes

// lineRest is how long half a line may wait for its end before it is shown: a prompt has
// none.
const lineRest = 200 * time.Millisecond

// tailLines is how much of the output is kept to explain a failure.
const tailLines = 20

// copyLines hands on what is read from r line by line until r ends.
func copyLines(r io.Reader, line func(string)) {
	chunks := make(chan []byte)
	go func() {
		defer close(chunks)
		for {
			chunk := make([]byte, 4096)
			n, err := r.Read(chunk)
			if n > 0 {
				chunks <- chunk[:n]
			}
			if err != nil { // a terminal ends with EIO: there is nothing to tell from it
				return
			}
		}
	}()
	splitLines(chunks, line)
}

// splitLines joins chunks to lines. It returns when chunks is closed.
func splitLines(chunks <-chan []byte, line func(string)) {
	var pending []byte
	rest := time.NewTimer(lineRest)
	rest.Stop()
	flush := func() {
		if len(pending) > 0 {
			line(clean(pending))
			pending = nil
		}
	}
	for {
		select {
		case chunk, ok := <-chunks:
			if !ok {
				flush()
				return
			}
			pending = append(pending, chunk...)
			pending = cutLines(pending, line)
			rest.Reset(lineRest)
		case <-rest.C:
			flush()
		}
	}
}

// cutLines hands on the whole lines in b and returns what is left.
func cutLines(b []byte, line func(string)) []byte {
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 && len(b) >= maxLine {
			i = wholeRunes(b[:maxLine]) - 1
			line(clean(b[:i+1]))
			b = b[i+1:]
			continue
		}
		if i < 0 {
			return bytes.Clone(b)
		}
		line(clean(b[:i]))
		b = b[i+1:]
	}
}

// wholeRunes returns the length of b without a character that is cut off at its end.
func wholeRunes(b []byte) int {
	for n := len(b); n > len(b)-utf8.UTFMax && n > 0; n-- {
		if utf8.RuneStart(b[n-1]) {
			if utf8.FullRune(b[n-1:]) {
				return len(b)
			}
			return n - 1
		}
	}
	return len(b)
}

// escapes matches what a program may say to a terminal: CSI, OSC and other strings, and
// two-character sequences (ECMA-48).
var escapes = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[ -/]*[0-~])?")

// clean leaves of a line what may be shown among other lines: text, tabs and colours.
// Moving the cursor, clearing the screen and setting titles would disturb the others. Of
// a line that was drawn over itself, the last state is left.
func clean(b []byte) string {
	text := strings.TrimRight(string(b), "\r\n")
	if i := strings.LastIndexByte(text, '\r'); i >= 0 {
		text = text[i+1:]
	}
	if strings.IndexFunc(text, isControl) < 0 {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	coloured := false
	text = escapes.ReplaceAllStringFunc(text, func(seq string) string {
		if isColour(seq) {
			coloured = true
			return seq
		}
		return ""
	})
	text = strings.Map(func(r rune) rune {
		if isControl(r) && r != '\x1b' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if coloured && !strings.HasSuffix(text, "\x1b[0m") {
		text += "\x1b[0m" // or the colour would run into the next line
	}
	return text
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0
}

// isColour recognises SGR: colour, bold, underline, and their end.
func isColour(seq string) bool {
	return strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m") &&
		strings.Trim(seq[2:len(seq)-1], "0123456789;:") == ""
}

// plain takes the colours out of a clean line.
func plain(line string) string {
	if strings.IndexByte(line, '\x1b') < 0 {
		return line
	}
	return escapes.ReplaceAllString(line, "")
}

// tail keeps the last lines of a service.
type tail struct {
	mu   sync.Mutex // guards last
	last []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, line)
	if len(t.last) > tailLines {
		t.last = t.last[1:]
	}
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.last...)
}

package term

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/diag"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 12, 3, 4, 0, time.Local)

// record logs one record at noon and returns what was written.
func record(t *testing.T, o Options, level slog.Level, message string, attrs ...slog.Attr) string {
	t.Helper()
	var out bytes.Buffer
	r := slog.NewRecord(noon, level, message, 0)
	r.AddAttrs(attrs...)
	h := New(&out, o).Handler()
	if !h.Enabled(t.Context(), level) {
		return ""
	}
	if err := h.Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestALogLineIsItsTimeAndItsMessage(t *testing.T) {
	tests := []struct {
		name  string
		level slog.Level
		text  string
		attrs []slog.Attr
		want  string
	}{
		{"info", slog.LevelInfo, "css app/jobs.css injected 7 ms, 2 pages", []slog.Attr{slog.String("event", "change.applied"), slog.Int("pages", 2)}, "12:03:04 css app/jobs.css injected 7 ms, 2 pages\n"},
		{"warning with a way out", slog.LevelWarn, "no relay rules", []slog.Attr{slog.String("hint", "add hub.relays")}, "12:03:04 warning: no relay rules\n         hint: add hub.relays\n"},
		{"error", slog.LevelError, "api ended", nil, "12:03:04 error: api ended\n"},
		{"quiet by default", slog.LevelDebug, "browser connected", nil, ""},
		{"output of a back-end", slog.LevelInfo, "\x1b[31mGET\x1b[0m /up\x1b[2J", []slog.Attr{slog.String("service", "api")}, "12:03:04 api | GET /up\n"},
		{"a request that commands the terminal", slog.LevelInfo, "GET /\x1b]0;owned\a\r\nfake line\u202e", nil, "12:03:04 GET /·]0;owned·  fake line·\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, record(t, Options{}, tt.level, tt.text, tt.attrs...)); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLevelIsReadAtEachRecord(t *testing.T) {
	var out bytes.Buffer
	var level slog.LevelVar
	log := New(&out, Options{Level: &level}).Log()
	log.Debug("one")
	level.Set(slog.LevelDebug)
	log.Debug("two")
	if !strings.HasSuffix(out.String(), " two\n") || strings.Contains(out.String(), "one") {
		t.Errorf("got %q, want the second record alone", out.String())
	}
}

func TestAttributesOfTheLoggerCountToo(t *testing.T) {
	var out bytes.Buffer
	New(&out, Options{}).Log().With("service", "api").WithGroup("x").Info("up", "hint", "not for people")
	if !strings.HasSuffix(out.String(), " api | up\n") {
		t.Errorf("got %q", out.String())
	}
}

func sample() diag.List {
	return diag.List{
		{Severity: diag.Error, Source: "config", Path: "realtimectl.yaml", Line: 2, Column: 3, Message: `unknown key "proxi" in serve`, Excerpt: "  1 | serve:\n> 2 |   proxi: 1\n    |   ^", Hint: `did you mean "proxy"?`},
		{Severity: diag.Warning, Message: "two files"},
	}
}

func TestMistakesAreShownWithTheirSource(t *testing.T) {
	got := record(t, Options{}, slog.LevelError, "the build failed", slog.Any("diagnostics", sample()))
	want := strings.Join([]string{
		"12:03:04 error: the build failed",
		`  error: realtimectl.yaml:2:3: unknown key "proxi" in serve`,
		"      1 | serve:",
		"    > 2 |   proxi: 1",
		"        |   ^",
		`    hint: did you mean "proxy"?`,
		"  warning: two files",
		"",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestOnlyTheFirstMistakesAreShown(t *testing.T) {
	var many diag.List
	for i := range maxDiagnostics + 5 {
		many = append(many, diag.Diagnostic{Message: fmt.Sprintf("m%d", i)})
	}
	got := record(t, Options{}, slog.LevelError, "failed", slog.Any("diagnostics", many))
	if !strings.HasSuffix(got, "m19\n  and 5 more\n") {
		t.Errorf("got %q", got)
	}
}

func TestAnErrorEndsWithItsWaysOut(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, Options{})
	p.Error(errors.New("port 3000 is already in use"), "try --proxy-port 3001", "stop the other one")
	p.Error(fmt.Errorf("load: %w", sample()))
	want := strings.Join([]string{
		"realtimectl: error: port 3000 is already in use",
		"realtimectl: hint: try --proxy-port 3001",
		"realtimectl: hint: stop the other one",
		`realtimectl: error: realtimectl.yaml:2:3: unknown key "proxi" in serve`,
		"    1 | serve:",
		"  > 2 |   proxi: 1",
		"      |   ^",
		`  hint: did you mean "proxy"?`,
		"realtimectl: warning: two files",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// jsonLines returns the records that were written, without their times.
func jsonLines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if m["time"] == nil {
			t.Errorf("%q has no time", line)
		}
		delete(m, "time")
		all = append(all, m)
	}
	return all
}

func TestJSONSaysTheSameForMachines(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, Options{Format: JSON, Color: Always})
	p.Log().Info("css a.css injected", "event", "change.applied", "pages", 2)
	p.Banner(Banner{Took: 84 * time.Millisecond, Attrs: []slog.Attr{slog.String("app", "http://localhost:3010")}})
	p.Error(sample()[:1], "mend it")
	p.Diagnostics(sample()[1:])
	want := []map[string]any{
		{"level": "info", "msg": "css a.css injected", "event": "change.applied", "pages": 2.0},
		{"level": "info", "msg": "ready in 84 ms", "event": "server.ready", "took_ms": 84.0, "app": "http://localhost:3010"},
		{"level": "error", "msg": `realtimectl.yaml:2:3: unknown key "proxi" in serve`, "event": "program.failed", "hint": "mend it", "diagnostics": []any{map[string]any{
			"severity": "error", "source": "config", "path": "realtimectl.yaml", "line": 2.0, "column": 3.0, "message": `unknown key "proxi" in serve`,
			"excerpt": "  1 | serve:\n> 2 |   proxi: 1\n    |   ^", "hint": `did you mean "proxy"?`,
		}}},
		{"level": "warn", "msg": "two files", "event": "config.warning", "diagnostics": []any{map[string]any{"severity": "warning", "message": "two files"}}},
	}
	if diff := cmp.Diff(want, jsonLines(t, out.String())); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func sampleBanner() Banner {
	return Banner{
		Version: "0.4.0", Took: 84 * time.Millisecond, Mode: "development", Project: "abacate",
		Rows: []Row{
			{Label: "App", Value: "http://localhost:3000", Note: "live reload, ghost off"},
			{Label: "Direct", Value: "http://localhost:3010", Note: "no injection"},
			{Label: "Hub", Value: "/socket.io/"},
			{Label: "api", Value: "/api", Status: "healthy 312 ms", Tone: Good, Note: "php artisan serve --port $PORT"},
			{Label: "queue", Status: "starting", Tone: Soon, Note: "php artisan queue:work"},
		},
		Notes:  []string{"port 3000 was taken"},
		Footer: []string{"watching 214 files", "h help", "q quit"},
	}
}

func TestTheBannerNamesEveryURL(t *testing.T) {
	var out bytes.Buffer
	New(&out, Options{Width: 100}).Banner(sampleBanner())
	want := `
  realtimectl 0.4.0  ready in 84 ms                        development · abacate

  App     http://localhost:3000  live reload, ghost off
  Direct  http://localhost:3010  no injection
  Hub     /socket.io/
  api     /api                   healthy 312 ms  php artisan serve --port $PORT
  queue                          starting        php artisan queue:work

  note: port 3000 was taken

  watching 214 files · h help · q quit

`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("banner (-want +got):\n%s", diff)
	}
}

func TestTheBannerFitsANarrowTerminal(t *testing.T) {
	var out bytes.Buffer
	New(&out, Options{Width: 44}).Banner(sampleBanner())
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 44 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, want := range []string{"\n          live reload, ghost off\n", "\n  watching 214 files · h help · q quit\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
	out.Reset()
	New(&out, Options{Width: 32}).Banner(sampleBanner())
	if !strings.HasSuffix(out.String(), "\n  watching 214 files · h help\n  q quit\n\n") {
		t.Errorf("the last line is cut: %s", out.String())
	}
}

func TestColourIsUsedOnlyWhereTheTerminalShowsIt(t *testing.T) {
	tests := []struct {
		name     string
		mode     string
		env      []string
		terminal bool
		want     termenv.Profile
	}{
		{"a pipe", Auto, []string{"TERM=xterm-256color"}, false, termenv.Ascii},
		{"a terminal of 16 colours", Auto, []string{"TERM=xterm"}, true, termenv.ANSI},
		{"of 256", Auto, []string{"TERM=screen-256color"}, true, termenv.ANSI256},
		{"of all", Auto, []string{"TERM=xterm-256color", "COLORTERM=truecolor"}, true, termenv.TrueColor},
		{"of all, by name", Auto, []string{"TERM=xterm-kitty"}, true, termenv.TrueColor},
		{"Windows Terminal", Auto, []string{"WT_SESSION=1"}, true, termenv.TrueColor},
		{"unnamed", Auto, nil, true, termenv.Ascii},
		{"dumb", Auto, []string{"TERM=dumb"}, true, termenv.Ascii},
		{"NO_COLOR", Auto, []string{"TERM=xterm", "NO_COLOR=1"}, true, termenv.Ascii},
		{"NO_COLOR that is empty", Auto, []string{"TERM=xterm", "NO_COLOR="}, true, termenv.ANSI},
		{"CLICOLOR", Auto, []string{"TERM=xterm", "CLICOLOR=0"}, true, termenv.Ascii},
		{"FORCE_COLOR in a pipe", Auto, []string{"FORCE_COLOR=1"}, false, termenv.ANSI},
		{"FORCE_COLOR of 256", Auto, []string{"FORCE_COLOR=2"}, false, termenv.ANSI256},
		{"FORCE_COLOR of all", Auto, []string{"FORCE_COLOR=3"}, false, termenv.TrueColor},
		{"FORCE_COLOR refuses", Auto, []string{"FORCE_COLOR=0", "TERM=xterm"}, true, termenv.Ascii},
		{"CLICOLOR_FORCE", Auto, []string{"CLICOLOR_FORCE=1"}, false, termenv.ANSI},
		{"always wins over NO_COLOR", Always, []string{"NO_COLOR=1"}, false, termenv.ANSI},
		{"never wins over FORCE_COLOR", Never, []string{"FORCE_COLOR=3"}, true, termenv.Ascii},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Profile(tt.mode, tt.env, tt.terminal); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// everything writes one of each kind.
func everything(p *Printer) {
	p.Banner(sampleBanner())
	log := p.Log()
	log.Info("one")
	log.Warn("two", "hint", "h")
	log.Error("three", "diagnostics", sample())
	log.Info("\x1b[32mok\x1b[0m\x1b[H", "service", "api")
	p.Error(sample())
	p.Diagnostics(sample())
}

func TestWithoutColourThereIsNoEscapeByte(t *testing.T) {
	var out bytes.Buffer
	everything(New(&out, Options{Environ: []string{"TERM=xterm"}}))
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("escape bytes in %q", out.String())
	}
}

func TestColourAddsNothingButColour(t *testing.T) {
	var plain, colored bytes.Buffer
	everything(New(&plain, Options{Now: func() time.Time { return noon }}))
	everything(New(&colored, Options{Color: Always, Now: func() time.Time { return noon }}))
	if !strings.Contains(colored.String(), "\x1b[") {
		t.Fatal("no colour although it was asked for")
	}
	var stripped strings.Builder
	for line := range strings.Lines(colored.String()) {
		stripped.WriteString(withoutColor(line) + "\n")
	}
	if diff := cmp.Diff(dropTimes(plain.String()), dropTimes(stripped.String())); diff != "" {
		t.Errorf("plain against colours taken off (-plain +colour):\n%s", diff)
	}
}

func dropTimes(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if len(line) > 9 && line[2] == ':' && line[5] == ':' {
			line = line[9:]
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestABackEndKeepsItsColoursAndNothingElse(t *testing.T) {
	tests := map[string]string{
		"plain":                              "plain",
		"\x1b[1;32mok\x1b[0m":                "\x1b[1;32mok\x1b[0m\x1b[0m",
		"\x1b[2J\x1b[Hgone":                  "gone",
		"\x1b]8;;http://x\x1b\\link\x1b]8;;": "link",
		"\x1b]0;title\aafter":                "after",
		"\x1b[?1049hx\x1bcy":                 "xy",
		"half \x1b[3":                        "half ",
		"a\x1b":                              "a",
		"\x1b[>4mx":                          "x",
	}
	for in, want := range tests {
		if got := cleanColored(in); got != want {
			t.Errorf("cleanColored(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanLeavesNothingThatCommands(f *testing.F) {
	for _, seed := range []string{"a\x1b[31mb", "\x1b]0;x\a", "\x9b31m", "\u202e", "\x1bP\x1b\\", "é€😀"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range Clean(text) + withoutColor(text) {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%q leaves %q", text, r)
			}
		}
		rest := cleanColored(text)
		for i := strings.IndexByte(rest, '\x1b'); i >= 0; i = strings.IndexByte(rest, '\x1b') {
			seq := sequence(rest[i:])
			if !isSGR(seq) {
				t.Fatalf("%q leaves %q", text, seq)
			}
			rest = rest[i+len(seq):]
		}
	})
}

// syncBuffer is a bytes.Buffer that several goroutines may use.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestProgressShowsOnlyWhatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := New(&out, Options{Terminal: true, Width: 40})
		quick := p.Progress(t.Context(), "bundling")
		time.Sleep(400 * time.Millisecond)
		quick.Done()
		if out.String() != "" {
			t.Errorf("quick work wrote %q", out.String())
		}
		long := p.Progress(t.Context(), "bundling")
		time.Sleep(550 * time.Millisecond)
		long.Set("compressing")
		p.writeString("a line\n")
		time.Sleep(100 * time.Millisecond)
		long.Done()
		want := "| bundling" + "\r          \ra line\n| bundling" + "\r          \r/ compressing" + "\r             \r"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("output (-want +got):\n%s", diff)
		}
	})
}

func TestWhatAPersonWritesStandsBeforeAProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := New(&out, Options{Terminal: true, Width: 40})
		g := p.Progress(t.Context(), "waiting")
		p.Prompt("to api", "mig")
		time.Sleep(550 * time.Millisecond)
		p.writeString("a line\n")
		p.EndPrompt()
		g.Done()
		want := "to api > mig" + "\r            \ra line\nto api > mig" + "\r            \r| waiting" + "\r         \r"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("output (-want +got):\n%s", diff)
		}
	})
}

func TestKeysFitANarrowTerminal(t *testing.T) {
	var out bytes.Buffer
	p := New(&out, Options{Terminal: true, Width: 40})
	p.Keys(Key{Name: "R", Help: "restart everything, with the configuration as it is now"}, Key{Name: "q", Help: "quit"})
	want := "\n  R  restart everything, with the\n     configuration as it is now\n  q  quit\n\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestADumbTerminalGetsNoProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		g := New(&out, Options{Terminal: true, Environ: []string{"TERM=dumb"}}).Progress(t.Context(), "bundling")
		time.Sleep(time.Second)
		g.Done()
		if out.String() != "" {
			t.Errorf("wrote %q", out.String())
		}
	})
}

func TestProgressIsSilentInAPipeAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		ctx, cancel := context.WithCancel(t.Context())
		g := New(&out, Options{}).Progress(ctx, "bundling")
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		g.Set("after the end")
		g.Done()
		if out.String() != "" {
			t.Errorf("wrote %q", out.String())
		}
	})
}

func TestLinesOfManyGoroutinesStayWhole(t *testing.T) {
	var out syncBuffer
	log := New(&out, Options{}).Log()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				log.Info(strings.Repeat("x", 80))
			}
		})
	}
	wg.Wait()
	for line := range strings.Lines(out.String()) {
		if len(line) != len("12:03:04 ")+81 {
			t.Fatalf("torn line %q", line)
		}
	}
}

func TestTookIsForPeople(t *testing.T) {
	tests := map[time.Duration]string{
		200 * time.Microsecond:  "under 1 ms",
		84 * time.Millisecond:   "84 ms",
		1340 * time.Millisecond: "1.3 s",
		125 * time.Second:       "2 m 5 s",
	}
	for d, want := range tests {
		if got := Took(d); got != want {
			t.Errorf("Took(%v) = %q, want %q", d, got, want)
		}
	}
}

func BenchmarkLogLine(b *testing.B) {
	log := New(writerFunc(func(p []byte) (int, error) { return len(p), nil }), Options{Color: Always}).Log()
	b.ReportAllocs()
	for b.Loop() {
		log.Info("css app/jobs.css injected 7 ms, 2 pages", "event", "change.applied", "pages", 2)
	}
}

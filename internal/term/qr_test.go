package term

import (
	"bytes"
	"strings"
	"testing"

	"rsc.io/qr"
)

func TestAQRCodeHasEveryModuleAndItsBorder(t *testing.T) {
	const url = "http://192.0.2.2:3000"
	code, err := qr.Encode(url, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := New(&out, Options{}).QR(url); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(out.String(), "\n")
	for y := 0; y < code.Size; y++ {
		line := []rune(strings.TrimPrefix(rows[1+(y+quiet)/2], "  "))
		for x := 0; x < code.Size; x++ {
			drawn := line[x+quiet]
			light := drawn == '█' || (y+quiet)%2 == 0 && drawn == '▀' || (y+quiet)%2 == 1 && drawn == '▄'
			if light == code.Black(x, y) {
				t.Fatalf("module %d,%d is drawn as %q", x, y, drawn)
			}
		}
	}
	if first := rows[1]; strings.Trim(first, " █") != "" {
		t.Errorf("no light border above: %q", first)
	}
	if !strings.HasSuffix(out.String(), "\n  "+url+"\n\n") || strings.Contains(out.String(), "\x1b") {
		t.Errorf("got %q", out.String())
	}
}

func TestAnswersToKeysAreForPeopleOnly(t *testing.T) {
	var plain, colored, machine bytes.Buffer
	answer := func(p *Printer) {
		p.Lines("h  help", "q\x1b[2J  quit")
		p.Rows([]Row{{Label: "App", Value: "http://localhost:3000"}})
		p.Clear()
	}
	answer(New(&plain, Options{Terminal: true}))
	answer(New(&colored, Options{Terminal: true, Color: Always}))
	answer(New(&machine, Options{Format: JSON}))
	if want := "  h  help\n  q·[2J  quit\n\n  App  http://localhost:3000\n\n"; plain.String() != want {
		t.Errorf("got %q, want %q", plain.String(), want)
	}
	if !strings.HasSuffix(colored.String(), "\x1b[H\x1b[2J") {
		t.Errorf("the screen is not cleared: %q", colored.String())
	}
	if machine.Len() > 0 {
		t.Errorf("among the records: %q", machine.String())
	}
}

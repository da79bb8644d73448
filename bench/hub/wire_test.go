package main

import (
	"bytes"
	"testing"
)

func TestFramesComeBackAsTheyWere(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		payload := filler(n)
		for cut := range []int{0, 1} {
			wire := appendUnmasked(nil, payload)
			op, fin, got, size, err := parseFrame(wire[:len(wire)-cut])
			if cut > 0 {
				if size != 0 || err != nil {
					t.Errorf("%d bytes, incomplete: size %d, %v", n, size, err)
				}
				continue
			}
			if op != opText || !fin || size != len(wire) || err != nil || !bytes.Equal(got, payload) {
				t.Errorf("%d bytes: op %d, fin %v, size %d of %d, %v", n, op, fin, size, len(wire), err)
			}
		}
	}
}

func TestClientFramesAreMasked(t *testing.T) {
	wire := appendFrame(nil, opText, []byte("hello"))
	if wire[1]&0x80 == 0 || bytes.Contains(wire, []byte("hello")) {
		t.Errorf("%q is not masked", wire)
	}
	if _, _, _, _, err := parseFrame(wire); err != errMasked {
		t.Errorf("a masked frame from a server: got %v", err)
	}
}

func TestResponsesAreReadWholeOrNotAtAll(t *testing.T) {
	for name, wire := range map[string]string{
		"length": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
	} {
		body, size, err := response([]byte(wire + "HTTP/1.1 200"))
		if string(body) != "hello" || size != len(wire) || err != nil {
			t.Errorf("%s: body %q, size %d of %d, %v", name, body, size, len(wire), err)
		}
		for cut := 1; cut < len(wire); cut++ {
			if _, size, err := response([]byte(wire[:cut])); size != 0 || err != nil {
				t.Errorf("%s, %d bytes: size %d, %v", name, cut, size, err)
			}
		}
	}
	if _, _, err := response([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); err == nil {
		t.Error("a refusal was taken for an answer")
	}
}

func TestQuantilesAreCloseFromAbove(t *testing.T) {
	var h Hist
	for v := int64(1); v <= 100_000; v++ {
		h.Add(v)
	}
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99} {
		exact := q * 100_000
		if got := float64(h.Quantile(q)); got < exact || got > exact*1.02+1 {
			t.Errorf("quantile %v: got %v, want %v to 2 %% more", q, got, exact)
		}
	}
	if h.Quantile(1) != 100_000 || new(Hist).Quantile(0.5) != 0 {
		t.Error("the ends are wrong")
	}
}

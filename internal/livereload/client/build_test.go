package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"testing"
)

func TestCommittedScriptIsWhatTheSourceMakes(t *testing.T) {
	want, err := bundle(".")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../client.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("client.js is not made of this source: run go generate ./internal/livereload")
	}
}

// maxScript is what a page may have to load for live reload, gzipped.
const maxScript = 8 << 10 // bytes

func TestScriptIsSmall(t *testing.T) {
	script, err := bundle(".")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(script); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d gzipped", len(script), packed.Len())
	if packed.Len() > maxScript {
		t.Errorf("the script has %d bytes gzipped, more than %d", packed.Len(), maxScript)
	}
}

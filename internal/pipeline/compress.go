package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"runtime"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// Below this size a compressed file saves less than its response headers weigh.
const compressFrom = 512 // bytes

// brotliSmall bounds what is worth brotli's thorough search: above it that takes a second
// for each megabyte and saves 4% over brotliFast.
const (
	brotliSmall = 32 << 10 // bytes
	brotliBest  = 10
	brotliFast  = 9
)

// output is one file ready to be written.
type output struct {
	name               string
	raw                []byte
	gzip, brotli, zstd []byte // nil when not made, or when it would not be smaller
}

// compress makes the siblings of every file, in parallel, and the manifest; the result
// is sorted by name.
func (b *builder) compress(ctx context.Context) ([]output, error) {
	names := b.sink.paths()
	files := make([]output, len(names))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		files[i] = output{name: name, raw: b.sink.files[name]}
		if !compressible(name) || len(files[i].raw) < compressFrom {
			continue
		}
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return b.shrink(&files[i])
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return files, nil
}

// shrink makes the siblings that were asked for.
func (b *builder) shrink(f *output) (err error) {
	if !b.opts.NoGzip {
		if f.gzip, err = squeeze(f, func(w io.Writer) (io.WriteCloser, error) {
			return gzip.NewWriterLevel(w, gzip.BestCompression)
		}); err != nil {
			return err
		}
	}
	if !b.opts.NoBrotli {
		level := brotliFast
		if len(f.raw) <= brotliSmall {
			level = brotliBest
		}
		if f.brotli, err = squeeze(f, func(w io.Writer) (io.WriteCloser, error) {
			return brotli.NewWriterLevel(w, level), nil
		}); err != nil {
			return err
		}
	}
	if b.opts.Zstd {
		f.zstd, err = squeeze(f, func(w io.Writer) (io.WriteCloser, error) {
			return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
		})
	}
	return err
}

// squeeze returns the compressed bytes, or nil when they are not fewer.
func squeeze(f *output, open func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var buf bytes.Buffer
	w, err := open(&buf)
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", f.name, err)
	}
	if _, err := w.Write(f.raw); err != nil {
		return nil, fmt.Errorf("compress %s: %w", f.name, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress %s: %w", f.name, err)
	}
	if buf.Len() >= len(f.raw) {
		return nil, nil
	}
	return buf.Bytes(), nil
}

// compressible reports whether a kind of file is text or as loose as text. Source maps
// are left out: they are large, and only who looks for a mistake loads one.
func compressible(name string) bool {
	switch path.Ext(name) {
	case ".html", ".htm", ".js", ".mjs", ".css", ".json", ".svg", ".txt", ".xml", ".md",
		".webmanifest", ".wasm", ".ico", ".ttf", ".otf", ".eot", ".bmp", ".vtt", ".csv", ".geojson", ".rss", ".atom":
		return true
	}
	return false
}

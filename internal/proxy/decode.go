package proxy

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// newDecoder undoes one content coding. An empty stream is an empty page: some servers
// label those too.
func newDecoder(coding string, src io.Reader) (io.Reader, error) {
	in := bufio.NewReader(src)
	if _, err := in.Peek(1); err == io.EOF {
		return in, nil
	}
	var out io.Reader
	var err error
	switch coding {
	case "gzip", "x-gzip":
		out, err = gzip.NewReader(in)
	case "deflate":
		out, err = newDeflateReader(in)
	case "br":
		out = brotli.NewReader(in)
	case "zstd":
		// One goroutine less, and browsers bound the window likewise (RFC 8878 section 3.1.1.1.2).
		out, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	default:
		err = fmt.Errorf("unknown content coding %q", coding)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", coding, err)
	}
	return out, nil
}

// newDeflateReader reads the zlib format that the standard names deflate, and the bare
// stream that many servers send under that name.
func newDeflateReader(in *bufio.Reader) (io.Reader, error) {
	head, err := in.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(in)
	}
	return flate.NewReader(in), nil
}

func decodeAll(codings []string, src io.Reader) (io.Reader, error) {
	var err error
	for _, coding := range codings {
		if src, err = newDecoder(coding, src); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// decoding takes a compressed body by Write and passes it on decoded. Its goroutine starts
// with newDecoding and has ended when Close or Abort returns.
type decoding struct {
	pipe  *io.PipeWriter
	done  chan error
	flush atomic.Bool // the handler streams: flush after every piece
}

// newDecoding passes what is decoded to out, from a goroutine of its own: decoders pull,
// handlers push. Nothing else may use out or flush until Close or Abort returns.
func newDecoding(codings []string, out io.Writer, flush func()) *decoding {
	read, write := io.Pipe()
	d := &decoding{pipe: write, done: make(chan error, 1)}
	go func() {
		err := d.run(codings, read, out, flush)
		// A writer that waits must learn that nobody reads any more.
		_ = read.CloseWithError(err)
		d.done <- err
	}()
	return d
}

// decodeBuffer is the largest piece that is decoded at once.
const decodeBuffer = 32 << 10 // bytes

func (d *decoding) run(codings []string, in io.Reader, out io.Writer, flush func()) error {
	src, err := decodeAll(codings, in)
	if err != nil {
		return err
	}
	if z, ok := src.(*zstd.Decoder); ok {
		defer z.Close()
	}
	buf := make([]byte, decodeBuffer)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, err := out.Write(buf[:n]); err != nil {
				return err
			}
			if d.flush.Load() {
				flush()
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Write hands over the next piece; it returns when it is taken in.
func (d *decoding) Write(p []byte) (int, error) { return d.pipe.Write(p) }

// Close tells that the body is complete and returns once all of it is passed on.
func (d *decoding) Close() error {
	_ = d.pipe.Close() // never fails
	return <-d.done
}

// Abort gives up.
func (d *decoding) Abort() {
	_ = d.pipe.CloseWithError(io.ErrUnexpectedEOF)
	<-d.done
}

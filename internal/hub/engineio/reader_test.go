package engineio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// pipeReader makes a reader of one end of a pipe.
func pipeReader(limit readLimits) (*reader, net.Conn) {
	server, client := net.Pipe()
	out := &output{conn: server, max: 1 << 20, wg: &sync.WaitGroup{}}
	return newReader(server, out, &buffers{}, limit), client
}

var testLimits = readLimits{message: 10_000, fragments: 16, time: patience}

// readAll feeds a stream and returns the messages that come out, and how it ended.
func readAll(stream []byte, chunk int) (messages []string, err error) {
	r, client := pipeReader(testLimits)
	var wg sync.WaitGroup
	wg.Go(func() {
		for len(stream) > 0 {
			n := min(chunk, len(stream))
			if _, err := client.Write(stream[:n]); err != nil {
				return
			}
			stream = stream[n:]
		}
		client.Close()
	})
	wg.Go(func() { _, _ = io.Copy(io.Discard, client) })
	for {
		op, data, err := r.next()
		if err != nil {
			if errors.Is(err, io.ErrClosedPipe) {
				err = io.EOF // a deadline was set behind the client's end
			}
			r.out.close()
			r.out.wg.Wait()
			client.Close()
			wg.Wait()
			return messages, err
		}
		messages = append(messages, string('0'+op)+string(data))
	}
}

func TestAStreamIsReadTheSameHoweverItIsCut(t *testing.T) {
	var stream []byte
	var want []string
	for _, size := range []int{0, 1, 125, 126, 127, 4085, 4086, 4096, 5000, 9999, 10_000} {
		text := strings.Repeat("x", size)
		stream = append(stream, frame(finBit|opText, text)...)
		stream = append(stream, frame(opBinary, text[:size/2])...)
		stream = append(stream, frame(finBit|opPong, "p")...)
		stream = append(stream, frame(finBit|opContinuation, text[size/2:])...)
		want = append(want, "1"+text, "2"+text)
	}
	for _, chunk := range []int{1, 7, 4095, 4096, 4097, 1 << 20} {
		got, err := readAll(stream, chunk)
		if !errors.Is(err, io.EOF) {
			t.Errorf("chunks of %d: %v", chunk, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("chunks of %d:\n%s", chunk, diff)
		}
	}
}

func TestASilentConnectionHoldsNoBuffer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	out := &output{conn: server, raw: rawConn(server), writers: &writers{}, max: 1 << 20, wg: &sync.WaitGroup{}}
	r := newReader(server, out, &buffers{}, readLimits{message: 100_000, fragments: 16, time: patience})
	waits := make(chan int, 100) // the buffer's size whenever the reader begins to wait
	try := r.try
	r.try = func(fd uintptr) bool {
		done := try(fd)
		if !done {
			waits <- len(r.buf)
		}
		return done
	}
	read := make(chan int)
	go func() {
		for {
			_, data, err := r.next()
			if err != nil {
				close(read)
				return
			}
			read <- len(data)
		}
	}()
	for _, size := range []int{1, 50_000, 5} {
		for held := -1; held != 0; { // within a long message it holds what it has
			select {
			case held = <-waits:
			case <-time.After(patience):
				t.Fatalf("before a message of %d: %d bytes are held", size, held)
			}
		}
		if _, err := client.Write(frame(finBit|opText, strings.Repeat("x", size))); err != nil {
			t.Fatal(err)
		}
		if got := <-read; got != size {
			t.Fatalf("%d bytes came, want %d", got, size)
		}
	}
	client.Close()
	for range read {
	}
}

// FuzzFrames feeds anything to the WebSocket reader: it must end, and hand out only text
// that is UTF-8, within the limits, whatever the pieces it comes in.
func FuzzFrames(f *testing.F) {
	f.Add(frame(finBit|opText, "4hello"), uint8(1))
	f.Add(append(frame(opText, "4a"), frame(finBit|opContinuation, "b")...), uint8(3))
	f.Add(frame(finBit|opPing, "x"), uint8(9))
	f.Add(frame(finBit|opClose, "\x03\xe8"), uint8(2))
	f.Add([]byte{finBit | opText, maskBit | 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, uint8(4))
	f.Add(frame(finBit|opText, strings.Repeat("y", 6000)), uint8(200))
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint8) {
		whole, wholeErr := readAll(bytes.Clone(stream), 1<<20)
		cut, cutErr := readAll(bytes.Clone(stream), int(chunk)+1)
		if diff := cmp.Diff(whole, cut); diff != "" {
			t.Fatalf("%q in pieces of %d: %s", stream, int(chunk)+1, diff)
		}
		if wholeErr.Error() != cutErr.Error() {
			t.Fatalf("%q: %v, in pieces %v", stream, wholeErr, cutErr)
		}
		for _, m := range whole {
			if len(m)-1 > testLimits.message || m[0] == '1' && !utf8.ValidString(m[1:]) {
				t.Fatalf("%q gave %q", stream, m)
			}
		}
	})
}

func TestWritesOfAConnectionThatCannotBeTriedGoThroughTheQueueInOrder(t *testing.T) {
	server, client := net.Pipe()
	o := &output{conn: server, writers: &writers{}, max: 1000, wg: &sync.WaitGroup{}}
	for _, s := range []string{"a", "b", "c"} {
		if err := o.write([]byte(s), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.write([]byte("volatile"), true); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 3)
	_ = client.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(client, buf); err != nil || string(buf) != "abc" {
		t.Errorf("%q, %v", buf, err)
	}
	o.finish([]byte("end"), patience)
	if err := o.write([]byte("late"), false); !errors.Is(err, errClosed) {
		t.Errorf("a write after the end: %v", err)
	}
	if _, err := io.ReadFull(client, buf); err != nil || string(buf) != "end" {
		t.Errorf("%q, %v", buf, err)
	}
	o.close()
	o.close()
	o.wg.Wait()
}

func TestABacklogIsBoundedByWhatWaits(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	o := &output{conn: server, writers: &writers{}, max: 1000, wg: &sync.WaitGroup{}}
	if err := o.write(make([]byte, 5000), false); err != nil {
		t.Errorf("one write when nothing waits: %v", err)
	}
	waitFor(t, func() bool { o.mu.Lock(); defer o.mu.Unlock(); return len(o.backlog) == 0 })
	if err := o.write([]byte("more"), false); !errors.Is(err, errBacklog) {
		t.Errorf("behind it: %v", err)
	}
	o.close()
	o.wg.Wait()
	if got := o.untaken(); got != 5000 {
		t.Errorf("%d bytes untaken", got)
	}
}

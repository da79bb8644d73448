package engineio

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

var (
	// errBacklog ends a session whose client does not read what is sent to it.
	errBacklog = errors.New("the client is too far behind")
	errClosed  = errors.New("the connection is closed")
)

// sliceCost is what a write costs in memory beside its bytes while it waits: small ones
// must not slip through a limit that is meant for memory.
const sliceCost = 64

// output is the sending half of a WebSocket. A write never waits: what the kernel does
// not take at once is queued, and a goroutine exists only until the queue is empty.
type output struct {
	conn    net.Conn
	raw     syscall.RawConn // nil: every write goes through the queue
	writers *writers
	max     int // bytes of backlog
	wg      *sync.WaitGroup

	mu       sync.Mutex // guards what follows; never held across a write that could wait
	backlog  [][]byte
	size     int  // bytes in backlog
	draining bool // a goroutine writes the backlog; nobody else writes until it has ended
	closing  bool // the last write is done; only the backlog still leaves
	closed   bool
	last     *time.Timer // closes the connection after finish
	lost     int         // what the client had not taken in when the session ended, in bytes
}

// writers lends closures for RawConn.Write, so that a write allocates nothing.
type writers struct{ pool sync.Pool }

// writer is one attempt to write.
type writer struct {
	buf []byte
	n   int
	err error
	try func(fd uintptr) bool
}

func (p *writers) get() *writer {
	if w, ok := p.pool.Get().(*writer); ok {
		return w
	}
	w := &writer{}
	w.try = func(fd uintptr) bool {
		w.n, w.err = tryWrite(fd, w.buf)
		return true
	}
	return w
}

func (p *writers) put(w *writer) {
	w.buf, w.n, w.err = nil, 0, nil
	p.pool.Put(w)
}

// write sends b, which must not be changed afterwards, behind everything sent before.
// A volatile b is dropped when something still waits. errBacklog means that b is lost
// and the session has to end.
func (o *output) write(b []byte, volatile bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.closing {
		return errClosed
	}
	if volatile && o.draining {
		return nil
	}
	return o.put(b)
}

// put writes what the kernel takes and queues the rest; with o.mu held.
func (o *output) put(b []byte) error {
	if !o.draining && o.raw != nil {
		n, err := o.writeNow(b)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	if len(b) == 0 {
		return nil
	}
	return o.queue(b)
}

// writeNow gives the kernel what it takes without waiting.
func (o *output) writeNow(b []byte) (int, error) {
	w := o.writers.get()
	defer o.writers.put(w)
	w.buf = b
	if err := o.raw.Write(w.try); err != nil {
		return 0, err
	}
	return w.n, w.err
}

func (o *output) queue(b []byte) error {
	if waits := o.size + len(o.backlog)*sliceCost; waits > 0 && waits+len(b) > o.max {
		return errBacklog
	}
	o.backlog = append(o.backlog, b)
	o.size += len(b)
	if !o.draining {
		o.draining = true
		o.wg.Go(o.drain)
	}
	return nil
}

// drain writes the backlog, and what joins it meanwhile, then ends.
func (o *output) drain() {
	for {
		o.mu.Lock()
		if len(o.backlog) == 0 || o.closed {
			o.draining, o.backlog = false, nil
			o.mu.Unlock()
			return
		}
		head := net.Buffers(o.backlog)
		o.backlog = nil
		o.mu.Unlock()
		n, err := head.WriteTo(o.conn)
		o.mu.Lock()
		o.size -= int(n)
		o.mu.Unlock()
		if err != nil {
			o.close() // the reader sees it and tells the session
		}
	}
}

// finish sends last as the end of everything and closes the connection after limit at
// the latest. Until then the client can take in what waits, and answer.
func (o *output) finish(last []byte, limit time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.closed {
		return
	}
	o.lost = o.size + unacknowledged(o.raw)
	o.closing = true
	_ = o.put(last) // a client that is gone needs no farewell
	o.last = time.AfterFunc(limit, o.close)
}

// close closes the connection at once. Repeated calls do nothing.
func (o *output) close() {
	o.mu.Lock()
	closed := o.closed
	if !closed && !o.closing {
		o.lost = o.size + unacknowledged(o.raw)
	}
	o.closed = true
	if o.last != nil {
		o.last.Stop()
	}
	o.mu.Unlock()
	if !closed {
		_ = o.conn.Close()
	}
}

// untaken returns how many bytes the client had not taken in when the session ended.
func (o *output) untaken() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lost
}

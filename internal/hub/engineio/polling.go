package engineio

import (
	"errors"
	"sync"
)

var errOverlap = errors.New("two requests of one kind at the same time")

// batchCost is what a batch costs in memory beside its bytes while it waits for a poll.
const batchCost = 256

// polling is the long-polling side of a session.
type polling struct {
	inbox    chan inbound  // a POST hands its packets to the session's goroutine
	upgraded chan *socket  // what the session reads from after an upgrade
	switched chan struct{} // closed when it does
	wake     chan struct{}

	mu        sync.Mutex   // guards what follows; nothing waits under it
	queue     []*Batch     // for the next GET
	size      int          // bytes in queue
	flying    int          // bytes of the last answer, until another poll shows that it arrived
	getting   bool         // a GET is under way
	posting   bool         // a POST is under way
	upgrading bool         // a WebSocket is on its way to take over
	probing   bool         // a WebSocket has been probed: answer polls soon, so that they end
	moved     bool         // the upgrade is done: everything goes to the WebSocket
	ended     bool         // the session has ended; the queue still waits for a GET
	left      bool         // the client has ended it
	encoding  textEncoding // for the POST under way
	lost      int          // flying and queued bytes when the session ended
}

// inbound is the packets of one POST; done tells it that they have been dealt with, so
// that its answer comes when their effects are in place.
type inbound struct {
	packets []packet
	done    chan struct{}
}

func (b *inbound) pop() (packet, bool) {
	if len(b.packets) == 0 {
		b.release()
		return packet{}, false
	}
	p := b.packets[0]
	b.packets = b.packets[1:]
	return p, true
}

func (b *inbound) release() {
	if b.done != nil {
		close(b.done)
	}
	*b = inbound{}
}

func newPolling() *polling {
	return &polling{
		inbox:    make(chan inbound),
		upgraded: make(chan *socket, 1),
		switched: make(chan struct{}),
		wake:     make(chan struct{}, 1),
	}
}

// send queues a batch for the next poll, or passes it to the WebSocket if the session has
// moved there meanwhile.
func (p *polling) send(s *Session, b *Batch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.moved:
		return s.ws.Load().out.write(s.wire(b), b.volatile)
	case p.ended:
		return errClosed
	case b.volatile && len(p.queue) > 0:
		return nil
	case len(p.queue) > 0 && p.size+len(p.queue)*batchCost+b.size > s.srv.opts.MaxBacklog:
		return errBacklog
	}
	p.push(b)
	return nil
}

// push appends to the queue and wakes the poll; with p.mu held.
func (p *polling) push(b *Batch) {
	p.queue = append(p.queue, b)
	p.size += b.size
	p.signal()
}

func (p *polling) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// take returns what waits, and whether this is the last of it: the session has ended or
// moved to a WebSocket.
func (p *polling) take() (queue []*Batch, last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) > 0 {
		queue, p.flying = p.queue, p.size
		p.queue, p.size = nil, 0
	}
	return queue, p.ended || p.moved
}

// landed notes that the last answer has arrived, since the client polls again.
func (p *polling) landed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying = 0
}

func (p *polling) untaken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// finish queues the farewell.
func (p *polling) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended && !p.moved {
		p.lost = p.size + p.flying
		p.push(NewBatch(newText(packetClose)))
	}
	p.ended = true
	p.signal()
}

// leave drops the queue and releases the poll under way with a noop.
func (p *polling) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = p.size // a client that says goodbye has read what it was answered
	p.queue, p.size = nil, 0
	p.push(NewBatch(newText(packetNoop)))
	p.ended, p.left = true, true
}

// abort drops the queue and releases the poll under way.
func (p *polling) abort() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = p.size + p.flying
	p.queue, p.size = nil, 0
	p.ended = true
	p.signal()
}

// begin marks a GET or POST as under way; false means that there is one already.
func (p *polling) begin(flag *bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *flag {
		return false
	}
	*flag = true
	return true
}

func (p *polling) done(flag *bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*flag = false
}

// probe marks that a WebSocket was probed, and releases the poll under way.
func (p *polling) probe(probing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probing = probing
	p.signal()
}

func (p *polling) isProbing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.probing
}

// move hands the session over to a WebSocket: what waits goes out first, what is sent
// from now on follows. It returns false when the session has ended.
func (p *polling) move(s *Session, ws *socket) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.moved {
		return false
	}
	for _, b := range p.queue {
		// A failure here shows at the next read, which ends the session.
		_ = ws.out.write(s.wire(b), false)
	}
	p.queue, p.size, p.moved, p.probing = nil, 0, true, false
	s.ws.Store(ws)
	p.upgraded <- ws
	p.signal()
	return true
}

// unfetched reports whether a poll may still come for the queue, and whether the client
// itself has ended the session.
func (p *polling) unfetched() (any, left bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) > 0, p.left
}

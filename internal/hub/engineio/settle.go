package engineio

import (
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	// waveSize is how many handshakes make a wave: each leaves about 12 KB of buffers of
	// net/http behind, so that a wave of this size leaves what is worth collecting.
	waveSize = 1000
	// waveEnd is how long no client must have come for a wave to be over.
	waveEnd = time.Second
)

// wave watches handshakes. After a restart all clients come at once; what that leaves
// behind would otherwise stay until the next collection, which an idle process does not
// come to for minutes.
type wave struct {
	count atomic.Int64
	last  atomic.Int64 // nanoseconds since the server began
}

// joined counts a handshake.
func (w *wave) joined(now int64) {
	w.count.Add(1)
	w.last.Store(now)
}

// settle gives memory back to the system once a wave is over.
func (srv *Server) settle(now int64) {
	w := &srv.wave
	if w.count.Load() < waveSize || now-w.last.Load() < int64(waveEnd) {
		return
	}
	w.count.Store(0)
	srv.wg.Go(debug.FreeOSMemory)
}

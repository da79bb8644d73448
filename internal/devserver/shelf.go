package devserver

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"
)

const (
	// keptAfter is how old a file must be to be kept: no file system has a coarser clock
	// (FAT counts in steps of two seconds), so each later change shows in a time or a size.
	keptAfter = 3 * time.Second
	// maxKept bounds a file on the shelf, maxShelf what all of them weigh. A page's own scripts
	// and styles fit; what does not is read anew for each answer.
	maxKept  = 512 << 10 // bytes
	maxShelf = 2 << 20   // bytes
	// perFile is what is held of a file beside its content, and all that a frozen one weighs
	// in the heap; its content, which the collector does not know, counts a quarter.
	perFile = 1 << 10 // bytes
)

// shelf holds the content of sources that have not changed for a while, so that a file
// that is asked for again costs one look at it. What it holds was read whole, and is
// given out only while the file on disk is, by its identity, size and times, the one that
// was read: a save shows at the first look, before it is over.
type shelf struct {
	now func() time.Time

	mu   sync.RWMutex // guards what follows; never held while a file is looked at
	held map[place]*content
	size int // bytes
	// cleared counts how often the shelf was: what was judged before is not put on it.
	cleared int
}

// place is a file below the folder of a layer.
type place struct {
	layer *layer
	rel   string
}

// content is a file as it was read at once, and what is said about it.
type content struct {
	info      os.FileInfo
	size      int
	data      []byte  // nil if it is frozen
	frozen    *frozen // nil if it is not
	kind, tag string
	modified  string // as Last-Modified has it
}

// weight is what the content counts on the shelf.
func (c *content) weight() int {
	if c.frozen != nil {
		return perFile + c.size/4
	}
	return perFile + c.size
}

// reader reads the content for whoever wants a part of it.
func (c *content) reader() io.ReadSeeker {
	if c.frozen != nil {
		return io.NewSectionReader(c.frozen.file, 0, int64(c.size))
	}
	return bytes.NewReader(c.data)
}

// send answers with the whole content.
func (c *content) send(w http.ResponseWriter, r *http.Request) {
	switch {
	case c.frozen.send(w, r, c.size):
	case c.frozen != nil:
		_, _ = io.Copy(w, c.reader()) // whoever is gone does not need it
	default:
		_, _ = w.Write(c.data)
	}
}

// look asks the file system for what rel names in a layer, or for the index.html of that
// folder. The hit has the content if it is on the shelf; missing is certain, all else is
// for layer.find to say.
func (s *shelf) look(l *layer, rel string, folder bool) (h hit, found, missing bool) {
	if s == nil || l.packages {
		return hit{}, false, false
	}
	if folder {
		rel = path.Join(rel, indexFile)
	}
	info, err := os.Stat(l.dir + string(filepath.Separator) + filepath.FromSlash(rel))
	if err != nil {
		return hit{}, false, errors.Is(err, fs.ErrNotExist)
	}
	s.mu.RLock()
	c := s.held[place{l, rel}]
	s.mu.RUnlock()
	if c == nil || !unchanged(c.info, info) {
		return hit{}, false, false
	}
	return hit{layer: l, rel: rel, info: c.info, content: c}, true, false
}

// unchanged reports that a file is the one it was, and that nobody wrote to it.
func unchanged(before, now os.FileInfo) bool {
	was, _ := changeTime(before)
	is, known := changeTime(now)
	return known && os.SameFile(before, now) && before.Size() == now.Size() &&
		before.ModTime().Equal(now.ModTime()) && was.Equal(is)
}

// keep puts the content of a hit on the shelf unless it is too large or too young, or lies
// on a disk of which nobody knows when it was written to.
func (s *shelf) keep(h hit, c *content) {
	if s == nil || c.size > maxKept || !s.settled(c.info) || !isLocal(h.file) {
		return
	}
	s.mu.RLock()
	judged := s.cleared
	s.mu.RUnlock()
	if f, err := h.layer.open(); err != nil || f.checkResolved(h.rel) != nil {
		return // it has become private
	}
	if c.size >= frozenFrom {
		if f := freeze(c.data); f != nil {
			kept := *c
			kept.data, kept.frozen = nil, f
			c = &kept
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cleared != judged {
		return
	}
	at := place{h.layer, h.rel}
	s.drop(at)
	for other := range s.held {
		if s.size+c.weight() <= maxShelf {
			break
		}
		s.drop(other)
	}
	s.held[at] = c
	s.size += c.weight()
}

// clear forgets everything.
func (s *shelf) clear() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.held)
	s.size = 0
	s.cleared++
}

// drop is called with mu held.
func (s *shelf) drop(at place) {
	if c, ok := s.held[at]; ok {
		s.size -= c.weight()
		delete(s.held, at)
	}
}

// settled reports that a file was written and renamed long enough ago. One of the future
// comes from another machine's clock, which says nothing.
func (s *shelf) settled(info os.FileInfo) bool {
	limit := s.now().Add(-keptAfter)
	changed, known := changeTime(info)
	return known && changed.Before(limit) && info.ModTime().Before(limit)
}

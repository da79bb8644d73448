package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// stored is the file that carries recovery over a restart.
type stored struct {
	Seq     uint64
	Lost    uint64
	History []storedEvent
	Absent  []*absent
}

type storedEvent struct {
	Seq         uint64
	At          time.Time
	Namespace   string
	Payload     json.RawMessage
	Attachments [][]byte `json:",omitempty"`
	All         bool     `json:",omitempty"`
	Rooms       []string `json:",omitempty"`
	Except      []string `json:",omitempty"`
}

// save writes the file, readable by this user alone: it holds what was sent.
func (r *recovery) save() error {
	if r.opts.Off || r.opts.Store == "" {
		return nil
	}
	data, err := json.Marshal(r.snapshot())
	if err != nil {
		return fmt.Errorf("write what is to be recovered: %w", err)
	}
	if err := atomicfile.Write(r.opts.Store, data, 0o600); err != nil {
		return fmt.Errorf("write what is to be recovered: %w", err)
	}
	return nil
}

func (r *recovery) snapshot() stored {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetOld(time.Now())
	s := stored{Seq: r.seq, Lost: r.lost}
	for _, p := range r.history {
		s.History = append(s.History, storedEvent{
			Seq: p.seq, At: p.at, Namespace: p.space, All: p.all, Rooms: p.rooms, Except: p.except,
			Payload: p.packet.Payload(), Attachments: p.packet.Attachments(),
		})
	}
	for _, a := range r.order {
		if r.absent[a.PID] != a {
			continue
		}
		a.Got = r.from(a)
		s.Absent = append(s.Absent, a)
	}
	return s
}

// load reads the file and removes it: what it says is true once only.
func (r *recovery) load() error {
	if r.opts.Off || r.opts.Store == "" {
		return nil
	}
	data, err := os.ReadFile(r.opts.Store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what is to be recovered: %w", err)
	}
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read what is to be recovered: %s: %w", r.opts.Store, err)
	}
	if err := os.Remove(r.opts.Store); err != nil {
		return fmt.Errorf("read what is to be recovered: %w", err)
	}
	r.restore(s)
	return nil
}

func (r *recovery) restore(s stored) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq, r.lost = s.Seq, s.Lost
	for _, e := range s.History {
		p := &past{
			seq: e.Seq, at: e.At, space: e.Namespace, all: e.All, rooms: e.Rooms, except: e.Except,
			packet: socketio.NewEvent(e.Namespace, e.Payload, e.Attachments, false),
		}
		r.history = append(r.history, p)
		r.bytes += p.packet.Size() + pastCost
	}
	for _, a := range s.Absent {
		if a != nil { // as in a file that somebody has edited
			r.add(a)
		}
	}
	r.forgetOld(time.Now())
}

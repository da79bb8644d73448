package hub_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub"
)

// visitor is what a test knows of one client that comes and goes.
type visitor struct {
	*client
	me     identity
	here   bool
	rooms  []string
	missed []string // what it has to get, in this order
}

// hears reports whether a message is for it: by its rooms, and everybody is in their own.
func (v *visitor) hears(m hub.Message) bool {
	in := func(rooms []string) bool {
		return slices.ContainsFunc(rooms, func(r string) bool { return r == v.me.SID || slices.Contains(v.rooms, r) })
	}
	return (len(m.Rooms) == 0 || in(m.Rooms)) && !in(m.Except)
}

// Clients come, go, change rooms and come back, while a back-end publishes: each gets
// every event that was for it, once and in order, and the hub counts who is there.
func TestWhoComesAndGoesMissesNothingAndGetsNothingTwice(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 6))
			s := start(t, roomRules(), hub.Options{Shards: 1 + r.IntN(3)})
			visitors := make([]*visitor, 4)
			for i := range visitors {
				c, me := s.comeBack(identity{})
				visitors[i] = &visitor{client: c, me: me, here: true}
			}
			for step := range 120 {
				v := visitors[r.IntN(len(visitors))]
				switch k := r.IntN(10); {
				case k < 6:
					publishTo(t, s, visitors, message(r, visitors, step))
				case k < 8 && v.here:
					v.expect(v.missed...)
					v.missed = nil
					v.leave(s, visitors)
				case k < 8:
					v.back(s)
				case v.here && len(v.rooms) < 3:
					room := fmt.Sprint("room", r.IntN(3))
					v.expect(v.missed...)
					v.send(fmt.Sprintf(`421["enter",%q]`, room))
					v.expect(fmt.Sprintf(`431[%q]`, room))
					v.missed, v.rooms = nil, append(v.rooms, room)
				}
			}
			for _, v := range visitors {
				if !v.here {
					v.back(s)
				}
				v.expect(v.missed...)
				v.fence()
			}
		})
	}
}

func message(r *rand.Rand, visitors []*visitor, step int) hub.Message {
	m := hub.Message{Event: fmt.Sprint("e", step)}
	some := func() []string {
		var out []string
		for range r.IntN(3) {
			out = append(out, fmt.Sprint("room", r.IntN(3)), visitors[r.IntN(len(visitors))].me.SID)
		}
		return out[:r.IntN(len(out)+1)]
	}
	if r.IntN(2) == 0 {
		m.Rooms = some()
	}
	if r.IntN(3) == 0 {
		m.Except = some()
	}
	return m
}

// publishTo raises an event and notes who has to get it.
func publishTo(t *testing.T, s *server, visitors []*visitor, m hub.Message) {
	t.Helper()
	there := 0
	for _, v := range visitors {
		if !v.hears(m) {
			continue
		}
		v.missed = append(v.missed, fmt.Sprintf(`42[%q]`, m.Event))
		if v.here {
			there++
		}
	}
	s.publish(there, m)
}

// leave ends a connection as a lost network does.
func (v *visitor) leave(s *server, visitors []*visitor) {
	v.here = false
	left := 0
	for _, other := range visitors {
		if other.here {
			left++
		}
	}
	s.lose(v.client, left)
}

func (v *visitor) back(s *server) {
	c, now := s.comeBack(v.me)
	if now != v.me {
		s.t.Fatalf("came back as %v, was %v", now, v.me)
	}
	v.client, v.here = c, true
}

func TestAClientIsWaitedForAsLongAsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubble(t, development(), hub.Options{Recovery: hub.Recovery{Window: time.Minute}})
		c, me := s.comeBack(identity{})
		gone := func(d time.Duration) (identity, *client) {
			c.conn.Close()
			synctest.Wait()
			s.publish(0, hub.Message{Event: "missed"})
			time.Sleep(d)
			s.publish(0, hub.Message{Event: "late", Rooms: []string{"none"}}) // what is old goes when something comes
			back, now := s.comeBack(me)
			return now, back
		}
		now, back := gone(59 * time.Second)
		if now != me {
			t.Fatalf("after 59 seconds it is %v, was %v", now, me)
		}
		back.expect(`42["missed"]`)
		c = back
		if now, back = gone(61 * time.Second); now.SID == me.SID {
			t.Error("after 61 seconds it came back")
		}
		back.fence()
	})
}

package backend

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// How often a server that others run is asked: somebody who starts it waits for us to
// notice; later it is so seldom that it costs nobody anything.
const (
	askEvery      = 500 * time.Millisecond
	askAgainAfter = 10 * time.Second
	// silentAfter leaves it the time to come up that starts together with us.
	silentAfter = time.Second
)

// lookAfter follows a server that others run, until ctx is done. Nothing of it fails:
// nobody here can start it.
func (s *service) lookAfter(ctx context.Context) {
	client, began := asking(), time.Now()
	s.set(Starting, func(st *State) { st.URL = s.config.URL })
	for pause := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = s.ask(ctx, client, time.Since(began))
	}
}

// ask asks once and returns how long to wait before the next time.
func (s *service) ask(ctx context.Context, client *http.Client, waited time.Duration) time.Duration {
	passes := s.health.passes(ctx, client, strings.TrimSuffix(s.config.URL, "/"))
	phase := s.phase()
	switch {
	case ctx.Err() != nil:
		return 0
	case passes && phase != Healthy:
		s.answers(waited)
		return askAgainAfter
	case passes:
		return askAgainAfter
	case phase != Unhealthy && waited > silentAfter:
		s.isSilent()
	}
	return askEvery
}

func (s *service) phase() Phase {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	return s.state.Phase
}

func (s *service) answers(waited time.Duration) {
	s.group.update(s, func() {
		s.wasHealthy = true
		s.state.Phase, s.state.Reason, s.state.Took = Healthy, "", 0
	})
	s.group.opts.Log.Info(fmt.Sprintf("%s answers at %s", s.config.Name, s.config.URL),
		"event", "backend.healthy", "backend", s.config.Name, "url", s.config.URL, "ms", waited.Milliseconds())
}

// isSilent says once that nobody answers.
func (s *service) isSilent() {
	reason := "does not answer at " + s.config.URL + s.health.path
	s.set(Unhealthy, func(st *State) { st.Reason = reason })
	s.group.opts.Log.Warn(s.config.Name+" "+reason, "event", "backend.unhealthy", "backend", s.config.Name,
		"hint", "start it; requests for it get a page that waits")
}

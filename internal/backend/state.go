package backend

import (
	"fmt"
	"time"
)

// Phase is where a service is in its life.
type Phase string

// The phases, in the order a service normally goes through them.
const (
	Waiting    Phase = "waiting"    // for the services it depends on
	Starting   Phase = "starting"   // runs, and is not healthy yet
	Healthy    Phase = "healthy"    // answers
	Unhealthy  Phase = "unhealthy"  // runs, and its time to become healthy is over
	Restarting Phase = "restarting" // has ended, and is started again after a pause
	Exited     Phase = "exited"     // has ended, and is not started again by itself
	Stopping   Phase = "stopping"   // was asked to end
	Stopped    Phase = "stopped"    // has ended because we asked
)

// State is what is known of a service at one moment.
type State struct {
	Name  string
	Phase Phase
	// PID is that of the command; 0 if it does not run.
	PID int
	// Port is what $PORT holds.
	Port int
	// URL is where it answers, such as "http://127.0.0.1:8000"; a server that listens on
	// ::1 alone is found there. "" for a service without a port, and until it is known.
	URL string
	// Took is the time from start to healthy, in the phase Healthy.
	Took time.Duration
	// Restarts counts how often it was started again.
	Restarts int
	// Reason says in half a sentence why, in the phases that are not as one would wish.
	Reason string
}

// String is what a banner says: "healthy 312 ms", "unhealthy: nothing listens on port 8000".
func (s State) String() string {
	switch {
	case s.Phase == Healthy && s.Took == 0:
		return "answers" // what others run
	case s.Phase == Healthy:
		return fmt.Sprintf("%s %d ms", s.Phase, s.Took.Milliseconds())
	case s.Reason != "":
		return fmt.Sprintf("%s: %s", s.Phase, s.Reason)
	}
	return string(s.Phase)
}

package relay

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Limits is what a client has used of the rules' rates. The zero value is ready; it
// stays empty until the client raises an event that a rate applies to. When the rules
// are replaced the counting starts anew.
type Limits struct {
	set      *Set
	limiters []*rate.Limiter // by rule; nil where nothing was counted yet
}

// allow takes one event from the client's budget for a rule.
func (l *Limits) allow(set *Set, rule int, p pace) bool {
	if l.set != set {
		*l = Limits{set: set, limiters: make([]*rate.Limiter, len(set.rules))}
	}
	if l.limiters[rule] == nil {
		l.limiters[rule] = rate.NewLimiter(p.every, p.burst)
	}
	return l.limiters[rule].Allow()
}

// pace is a parsed Rate; burst 0 = no limit.
type pace struct {
	every rate.Limit // events a second
	burst int
}

// maxPace bounds the count of a rate: above it, a limit limits nothing.
const maxPace = 1_000_000

// parseRate reads "10/s" and "10/s burst 30".
func parseRate(text string) (pace, error) {
	form := errors.New("a rate reads 10/s, 100/m or 1000/h, with \"burst 30\" behind it if wanted")
	words := strings.Fields(text)
	if len(words) != 1 && (len(words) != 3 || words[1] != "burst") {
		return pace{}, form
	}
	count, unit, _ := strings.Cut(words[0], "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.Atoi(count)
	if err != nil || per == 0 {
		return pace{}, form
	}
	p := pace{every: rate.Limit(float64(n) / per.Seconds()), burst: n}
	if len(words) == 3 {
		if p.burst, err = strconv.Atoi(words[2]); err != nil {
			return pace{}, form
		}
	}
	if min(n, p.burst) < 1 || max(n, p.burst) > maxPace {
		return pace{}, fmt.Errorf("a rate's numbers lie between 1 and %d", maxPace)
	}
	return p, nil
}

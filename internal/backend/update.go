package backend

import (
	"fmt"
	"reflect"
	"slices"
)

// Difference is what [Group.Update] does, by names in the order of the new list.
type Difference struct {
	Added   []string
	Changed []string // described otherwise: they end and are started anew
	Removed []string
}

// Update takes over another list of services while the group runs. Those that are new
// are started; those that are gone end with their whole trees, and so do those that are
// described otherwise, before they are started as they are described now; the others go
// on untouched. A changed service without a fixed port keeps the one it has. Update
// returns before all that is done; states tell the rest. A list that [New] would refuse
// is refused and changes nothing. One call at a time.
func (g *Group) Update(list []Service) (Difference, error) {
	next := make([]*service, 0, len(list))
	for _, config := range list {
		s, err := newService(g, config)
		switch {
		case err != nil:
			return Difference{}, fmt.Errorf("back-end %s: %w", config.Name, err)
		case slices.ContainsFunc(next, func(o *service) bool { return o.config.Name == config.Name }):
			return Difference{}, fmt.Errorf("back-end %s is there twice", config.Name)
		}
		next = append(next, g.keep(s))
	}
	if err := choosePorts(next); err != nil {
		return Difference{}, err
	}
	ordered, needs, err := link(next)
	if err != nil {
		return Difference{}, err
	}
	return g.adopt(ordered, needs), nil
}

// keep returns the service that runs already, if it is described as s is; else s, which
// takes the place of the one that has its name.
func (g *Group) keep(s *service) *service {
	s.later = true
	old := g.find(s.config.Name)
	switch {
	case old == nil:
		return s
	case reflect.DeepEqual(old.config, s.config):
		return old
	}
	s.before = old
	if s.config.Port == 0 && old.config.Port == 0 {
		s.port = old.port
	}
	return s
}

// adopt puts the new list in force and tells the services that leave.
func (g *Group) adopt(next []*service, needs map[*service][]*service) Difference {
	g.mu.Lock()
	defer g.mu.Unlock()
	var diff Difference
	for _, s := range next {
		s.needs = needs[s]
		switch {
		case slices.Contains(g.services, s):
			continue
		case s.before != nil:
			diff.Changed = append(diff.Changed, s.config.Name)
		default:
			diff.Added = append(diff.Added, s.config.Name)
			if len(s.needs) == 0 {
				s.state.Phase = Starting // there is nothing to wait for
			}
		}
		if s.config.URL == "" {
			s.state.Port = s.port
		}
	}
	leaving := slices.DeleteFunc(slices.Clone(g.services), func(s *service) bool { return slices.Contains(next, s) })
	for _, s := range leaving {
		if !slices.Contains(diff.Changed, s.config.Name) {
			diff.Removed = append(diff.Removed, s.config.Name)
		}
		s.outliving = dependents(leaving, s)
		close(s.leave)
	}
	// What was never started has ended.
	g.skip(leaving)
	if g.over {
		g.skip(next)
	}
	g.services = next
	g.environ = introduce(g.opts, next)
	g.tell()
	return diff
}

// skip ends services that were not started; mu is held.
func (g *Group) skip(list []*service) {
	for _, s := range list {
		if !s.begun {
			s.begun = true
			close(s.ended)
		}
	}
}

// outliving are the services that end before s does, since they need it.
func (g *Group) outliving(s *service) []*service {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-s.leave:
		return s.outliving
	default:
		return dependents(g.services, s)
	}
}

// dependents are the services of a list that need s.
func dependents(list []*service, s *service) []*service {
	var found []*service
	for _, other := range list {
		if slices.Contains(other.config.Depends, s.config.Name) {
			found = append(found, other)
		}
	}
	return found
}

// Resize tells the terminals of the services that they have so many columns now. It does
// nothing without Options.Terminal.
func (g *Group) Resize(columns int) {
	g.mu.Lock()
	g.opts.Columns = columns
	services := g.services
	g.mu.Unlock()
	for _, s := range services {
		s.resize(columns)
	}
}

// Coming lists the commands that are on their way: they wait, start, restart or end. The
// channel is closed with the next change of anything.
func (g *Group) Coming() (names []string, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.services {
		switch s.state.Phase {
		case Waiting, Starting, Restarting, Stopping:
			if s.config.URL == "" {
				names = append(names, s.config.Name)
			}
		}
	}
	return names, g.changed
}

package livereload

// Users returns how many pages are known to use a URL path.
func (s *Server) Users(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for p := range s.pages {
		if len(p.concerned([]string{path})) > 0 {
			n++
		}
	}
	return n
}

// Disconnect ends all connections, as a network that fails does.
func (s *Server) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.pages {
		p.stop()
	}
}

package backend

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Folders returns the folders that Service.Watch speaks of, absolute, each once: those
// below which every file lies that may match. Whoever watches them tells [Group.Changed].
func (g *Group) Folders() []string {
	var folders []string
	for _, s := range g.list() {
		for _, glob := range s.config.Watch {
			base, _ := doublestar.SplitPattern(filepath.ToSlash(glob))
			folders = append(folders, filepath.Join(s.folder(), filepath.FromSlash(base)))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// Files returns the environment files of the services, absolute, each once. Whoever
// watches them tells [Group.Changed].
func (g *Group) Files() []string {
	var files []string
	for _, s := range g.list() {
		if file := s.envFile(); file != "" && s.config.URL == "" {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// Changed restarts the services that watch one of these files, or have it for their
// environment, and returns their names. Paths are absolute.
func (g *Group) Changed(paths []string) []string {
	var names []string
	for _, s := range g.list() {
		if slices.ContainsFunc(paths, s.watches) {
			names = append(names, s.config.Name)
			s.restart()
		}
	}
	return names
}

func (s *service) watches(path string) bool {
	if path == s.envFile() {
		return true
	}
	rel, err := filepath.Rel(s.folder(), path)
	if err != nil {
		return false
	}
	rel = filepath.ToSlash(rel)
	return slices.ContainsFunc(s.config.Watch, func(glob string) bool {
		return doublestar.MatchUnvalidated(strings.TrimPrefix(filepath.ToSlash(glob), "./"), rel)
	})
}

// folder is the folder the service runs in, absolute if that can be known.
func (s *service) folder() string {
	dir, err := filepath.Abs(s.config.Dir)
	if err != nil {
		return s.config.Dir
	}
	return dir
}

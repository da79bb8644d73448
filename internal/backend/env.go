package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/joho/godotenv"
)

// MarkVariable marks every process of a run: RUN/SERVICE. It is how they are found again.
const MarkVariable = "REALTIMECTL_BACKEND"

// environ returns the environment for one start. The environment file is read here, so
// that an edit counts at the next restart.
func (s *service) environ() ([]string, error) {
	env := s.group.opts.Environ
	set := func(name, value string) { env = setEnv(env, name, value) }
	if s.config.EnvFile != "" {
		file := s.config.EnvFile
		if !filepath.IsAbs(file) {
			file = filepath.Join(s.config.Dir, file)
		}
		values, err := godotenv.Read(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no environment file %s", file)
		}
		if err != nil {
			return nil, fmt.Errorf("read environment file %s: %w", file, err)
		}
		for name, value := range values {
			set(name, value)
		}
	}
	for name, value := range s.config.Env {
		set(name, value)
	}
	set("PORT", strconv.Itoa(s.port))
	set(MarkVariable, s.mark())
	if s.group.opts.Terminal && lookupEnv(env, "TERM") == "" {
		set("TERM", "xterm-256color")
	}
	return env, nil
}

// introduce completes the environment: with the defaults, and with where every service
// is. What the user has set under such a name stays.
func (g *Group) introduce() {
	env := slices.Clone(g.opts.Environ)
	add := func(name, value string) {
		if !slices.ContainsFunc(env, func(line string) bool { return strings.HasPrefix(line, name+"=") }) {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range g.opts.Defaults {
		add(name, value)
	}
	for _, s := range g.services {
		name := strings.ToUpper(strings.ReplaceAll(s.config.Name, "-", "_"))
		add(name+"_URL", g.URL(s.config.Name))
		if s.config.URL == "" {
			add(name+"_PORT", strconv.Itoa(s.port))
		}
	}
	g.opts.Environ = env
}

func (s *service) mark() string { return s.group.id + "/" + s.config.Name }

// setEnv returns env with one variable set; env itself is not changed.
func setEnv(env []string, name, value string) []string {
	result := make([]string, 0, len(env)+1)
	for _, line := range env {
		if !strings.HasPrefix(line, name+"=") {
			result = append(result, line)
		}
	}
	return append(result, name+"="+value)
}

func lookupEnv(env []string, name string) string {
	for _, line := range env {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
}

// choosePorts gives each service its port: the fixed one, or a free one that no other
// service has. It stays the same over restarts.
func (g *Group) choosePorts() error {
	taken := map[int]bool{}
	for _, s := range g.services {
		taken[s.config.Port] = true
		s.port = s.config.Port
	}
	for _, s := range g.services {
		if s.config.URL != "" {
			continue
		}
		for taken[s.port] && s.config.Port == 0 {
			port, err := freePort()
			if err != nil {
				return err
			}
			s.port = port
		}
		taken[s.port] = true
		s.state.Port = s.port
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return port, nil
}

// portIsFree finds out before the command does: its own message may be lost in a trace.
func (s *service) portIsFree() error {
	if s.config.Port == 0 {
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.config.Port)))
	if err != nil {
		return fmt.Errorf("port %d is taken by another program: %w", s.config.Port, err)
	}
	return l.Close()
}

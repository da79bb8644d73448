package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/joho/godotenv"
)

// markVar marks every process of a run: RUN/SERVICE. It is how they are found again.
const markVar = "REALTIMECTL_RUN"

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
	set(markVar, s.mark())
	if s.group.opts.Terminal && lookupEnv(env, "TERM") == "" {
		set("TERM", "xterm-256color")
	}
	return env, nil
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

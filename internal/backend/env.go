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
	s.group.mu.Lock()
	env := s.group.environ
	s.group.mu.Unlock()
	set := func(name, value string) { env = setEnv(env, name, value) }
	if file := s.envFile(); file != "" {
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

// introduce completes the inherited environment: with the defaults, and with where every
// service is. What the user has set under such a name stays.
func introduce(o Options, services []*service) []string {
	env := slices.Clone(o.Environ)
	add := func(name, value string) {
		if !slices.ContainsFunc(env, func(line string) bool { return strings.HasPrefix(line, name+"=") }) {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range o.Defaults {
		add(name, value)
	}
	for _, s := range services {
		name := strings.ToUpper(strings.ReplaceAll(s.config.Name, "-", "_"))
		add(name+"_URL", s.address())
		if s.config.URL == "" {
			add(name+"_PORT", strconv.Itoa(s.port))
		}
	}
	return env
}

// envFile is the path of the environment file; "" without one.
func (s *service) envFile() string {
	file := s.config.EnvFile
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(s.folder(), file)
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

// choosePorts gives each service that has none its port: the fixed one, or a free one
// that no other service has. It stays the same over restarts.
func choosePorts(services []*service) error {
	taken := map[int]bool{0: true}
	for _, s := range services {
		if s.config.Port != 0 {
			s.port = s.config.Port
		}
		taken[s.port] = true
	}
	for _, s := range services {
		if s.config.URL != "" || s.port != 0 {
			continue
		}
		for taken[s.port] {
			port, err := freePort()
			if err != nil {
				return err
			}
			s.port = port
		}
		taken[s.port] = true
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

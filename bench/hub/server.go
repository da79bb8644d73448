package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// startLimit bounds the time until a server listens.
	startLimit = 10 * time.Second
	// stopLimit is what a server gets to end by itself.
	stopLimit = 500 * time.Millisecond
	// startPause lets a server that listens finish what else it does at its start.
	startPause = 100 * time.Millisecond
)

// server is a peer that runs.
type server struct {
	cmd  *exec.Cmd
	addr string
	gone chan error
}

// startServer starts a peer on one CPU; what it prints goes to server.log in dir.
func startServer(dir string, p Peer, s Scenario, cpu string, port int) (*server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("the peers' folder: %w", err)
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	defer log.Close() // the server has its own copy
	args := []string{"-c", cpu}
	for _, arg := range p.Cmd {
		args = append(args, strings.ReplaceAll(arg, "{port}", strconv.Itoa(port)))
	}
	cmd := exec.Command("taskset", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port))
	for _, env := range []map[string]string{p.Env, s.Env} {
		for key, value := range env {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	srv := &server{cmd: cmd, addr: "127.0.0.1:" + strconv.Itoa(port), gone: make(chan error, 1)}
	go func() { srv.gone <- cmd.Wait() }()
	return srv, nil
}

func (s *server) waitListening() error {
	for end := time.Now().Add(startLimit); time.Now().Before(end); time.Sleep(startPause) {
		if conn, err := net.Dial("tcp4", s.addr); err == nil {
			defer time.Sleep(startPause)
			return conn.Close()
		}
		select {
		case err := <-s.gone:
			s.gone <- err
			return fmt.Errorf("the server ended: %w; see server.log", err)
		default:
		}
	}
	return fmt.Errorf("the server does not listen on %s after %v", s.addr, startLimit)
}

// stop ends the server, kindly at first.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	select {
	case <-s.gone:
	case <-time.After(stopLimit):
		_ = s.cmd.Process.Kill()
		<-s.gone
	}
}

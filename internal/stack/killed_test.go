//go:build !windows

package stack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAKilledStackLeavesNoProcessAndNoPort(t *testing.T) {
	dir := t.TempDir()
	held := filepath.Join(dir, "held")
	if err := syscall.Mkfifo(held, 0o600); err != nil {
		t.Fatal(err)
	}
	load(t, dir, apiProject(t, "  queue: { run: \"exec 9>'"+held+"'; (sleep 1000 &); sleep 1000\" }\n"))
	gone := make(chan error, 1)
	go func() { // the pipe ends with the last process that holds it
		f, err := os.Open(held)
		if err == nil {
			_, err = io.Copy(io.Discard, f)
			err = errors.Join(err, f.Close())
		}
		gone <- err
	}()
	cmd, app, api := startStack(t, dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	select {
	case err := <-gone:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a process is left")
	}
	l, err := net.Listen("tcp", app)
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	if err := errors.Join(l.Close(), gonePID(api)); err != nil {
		t.Error(err)
	}
}

// startStack serves dir from another process; it returns once its API answers.
func startStack(t *testing.T, dir string) (cmd *exec.Cmd, app, api string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), roleVar+"=stack")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "app "); ok {
			_, api = get(t, url+"/api/who")
			go io.Copy(io.Discard, out) // ends with the process
			return cmd, strings.TrimPrefix(url, "http://"), api
		}
	}
	t.Fatal("the stack did not start")
	return nil, "", ""
}

// gonePID waits until a process that was killed with its supervisor has ended.
func gonePID(text string) error {
	var pid int
	if _, err := fmt.Sscan(text, &pid); err != nil {
		return err
	}
	for range 2000 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return nil
		}
		<-time.After(10 * time.Millisecond)
	}
	return fmt.Errorf("the API (pid %d) is left", pid)
}

package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Supervised is false on Windows, where a job object does the work of a supervisor.
func Supervised() bool { return false }

// Supervise does nothing on Windows.
func Supervise() (code int, ok bool) { return 0, false }

// launch starts a command in a job of its own. Closing the job, which the system does
// for us if we are killed, ends every process in it.
func launch(c command) (proc *process, output io.ReadCloser, wait func(), err error) {
	job, err := newJob()
	if err != nil {
		return nil, nil, nil, err
	}
	cmd := exec.Command("cmd", "/d", "/s", "/c")
	// The shell knows %PORT% only; a line written for any system says $PORT.
	run := strings.NewReplacer("${PORT}", "%PORT%", "$PORT", "%PORT%").Replace(c.run)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		CmdLine:       `cmd /d /s /c "` + run + `"`,
		CreationFlags: windows.CREATE_NEW_PROCESS_GROUP,
	}
	cmd.Dir, cmd.Env = c.dir, c.env
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("open a pipe: %w", err), windows.CloseHandle(job))
	}
	cmd.Stdout, cmd.Stderr = write, write
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	_ = write.Close() // the command has its own
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("start %s: %w", c.name, err), read.Close(), windows.CloseHandle(job))
	}
	if err := assign(job, cmd.Process.Pid); err != nil {
		return nil, nil, nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait(), read.Close(), windows.CloseHandle(job))
	}
	end := sync.OnceFunc(func() { _ = windows.CloseHandle(job) })
	proc = &process{
		pid: cmd.Process.Pid, stdin: stdin,
		matched: make(chan struct{}), done: make(chan struct{}),
		terminate: end, kill: end,
	}
	wait = func() {
		_ = cmd.Wait() // the state says the same
		proc.exit = exit{Code: cmd.ProcessState.ExitCode()}
		end()
	}
	return proc, read, wait, nil
}

// newJob makes a job whose processes end when its last handle is closed.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("create a job: %w", err)
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("set up a job: %w", err), windows.CloseHandle(job))
	}
	return job, nil
}

// assign puts a process in a job. What it starts before this moment escapes; a shell has
// not come to that yet.
func assign(job windows.Handle, pid int) error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return fmt.Errorf("open process %d: %w", pid, err)
	}
	if err := windows.AssignProcessToJobObject(job, handle); err != nil {
		return errors.Join(fmt.Errorf("put process %d in its job: %w", pid, err), windows.CloseHandle(handle))
	}
	return windows.CloseHandle(handle)
}

// startOf is not needed on Windows: jobs leave nothing behind.
func startOf(int) string { return "" }

func endMarked(context.Context, string, time.Duration) []string { return nil }

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// yardstick tells how fast a CPU is just now: the microseconds for one write and one read
// of 128 bytes over a loopback TCP connection. On a shared host that moves by a factor of
// two within minutes.
func yardstick(self, cpu string) (float64, error) {
	out, err := exec.Command("taskset", "-c", cpu, self, "yardstick").Output()
	if err != nil {
		return 0, fmt.Errorf("yardstick: %w", err)
	}
	us, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return 0, fmt.Errorf("yardstick: %w", err)
	}
	return us, nil
}

func yardstickMain([]string) error {
	runtime.LockOSThread()
	a, b, err := loopbackPair()
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	const rounds, ops = 8, 2000
	var buf [128]byte
	best := time.Hour
	for range rounds {
		start := time.Now()
		for range ops {
			syscall.RawSyscall(syscall.SYS_WRITE, a.Fd(), uintptr(unsafe.Pointer(&buf)), 128)
			syscall.RawSyscall(syscall.SYS_READ, b.Fd(), uintptr(unsafe.Pointer(&buf)), 128)
		}
		best = min(best, time.Since(start))
	}
	fmt.Printf("%.3f\n", float64(best)/ops/1e3)
	return errors.Join(a.Close(), b.Close())
}

// loopbackPair returns the two ends of a TCP connection, in blocking mode.
func loopbackPair() (a, b *os.File, err error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	accepted, err := ln.Accept()
	if err != nil {
		return nil, nil, err
	}
	if a, err = dialed.(*net.TCPConn).File(); err != nil {
		return nil, nil, err
	}
	b, err = accepted.(*net.TCPConn).File()
	return a, b, err
}

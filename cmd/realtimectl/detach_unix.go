//go:build !windows

package main

import "syscall"

// detached starts a program away from our terminal: Ctrl-C and the end of the terminal
// do not concern it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

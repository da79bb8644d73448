package main

import "syscall"

// detached starts a program away from our console: Ctrl-C does not concern it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

//go:build !linux

package engineio

import "syscall"

// unacknowledged returns 0: this system does not tell.
func unacknowledged(syscall.RawConn) int { return 0 }

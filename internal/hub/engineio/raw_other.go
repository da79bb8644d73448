//go:build !unix

package engineio

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns nil: this system's descriptors cannot be tried without waiting.
func rawConn(net.Conn) syscall.RawConn { return nil }

func tryWrite(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }

func tryRead(uintptr, []byte) (int, bool, error) { return 0, true, errors.ErrUnsupported }

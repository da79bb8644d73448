//go:build !linux

package devserver

import (
	"errors"
	"os"
)

// openDirect is for kernels that can open a file below a folder in one step; this one is
// asked step by step, by os.Root.
func openDirect(*os.File, string) (*os.File, error) { return nil, errors.ErrUnsupported }

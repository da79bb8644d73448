package backend

import (
	"fmt"
	"os"
	"runtime"
)

// Self returns the path of the running program, for Options.Supervisor.
func Self() (string, error) {
	if runtime.GOOS == "linux" {
		// It works even after the file was replaced or removed, as `go run` may do.
		return "/proc/self/exe", nil
	}
	exe, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return exe, nil
}

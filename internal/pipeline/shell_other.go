//go:build !unix

package pipeline

import (
	"context"
	"os/exec"
)

// shell runs a command line, which is killed when ctx ends.
func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/C", line)
}

package pipeline

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// swap puts the folder aside in the place of out; afterwards aside holds what was in
// out, or is gone. Where the file system can, readers see the old folder or the new one
// and nothing between.
func swap(aside, out string) error {
	if _, err := os.Lstat(out); err != nil {
		if err := os.Rename(aside, out); err != nil {
			return fmt.Errorf("replace %s: %w", out, err)
		}
		return nil
	}
	if unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, out, unix.RENAME_EXCHANGE) == nil {
		return nil
	}
	return swapByRename(aside, out)
}

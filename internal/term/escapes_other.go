//go:build !windows

package term

import "os"

// showsEscapes is true of every terminal here; what it shows is told by its name.
func showsEscapes(*os.File) bool { return true }

package term

import (
	"os"

	"golang.org/x/sys/windows"
)

// showsEscapes lets a console understand escape sequences; one from before Windows 10
// does not.
func showsEscapes(console *os.File) bool {
	handle := windows.Handle(console.Fd())
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

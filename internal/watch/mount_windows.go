package watch

import (
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// silentMount tells a network drive or share: not every server sends notifications.
func silentMount(path string) (string, bool) {
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(path) + `\`)
	if err != nil || windows.GetDriveType(root) != windows.DRIVE_REMOTE {
		return "", false
	}
	return "a network drive", true
}

// device is the same everywhere: a mount below a folder is rare here.
func device(fs.FileInfo) uint64 { return 0 }

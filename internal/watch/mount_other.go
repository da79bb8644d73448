//go:build !linux && !darwin && !windows

package watch

import "io/fs"

// silentMount knows no file systems here; PollAlways is there for them.
func silentMount(string) (string, bool) { return "", false }

func device(fs.FileInfo) uint64 { return 0 }

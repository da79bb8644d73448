package devserver

import (
	"os"
	"syscall"
	"time"
)

// changeTime is when a file was last written, renamed or given other times. Unlike the
// time of its content, no program can choose it.
func changeTime(info os.FileInfo) (t time.Time, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(stat.Ctim.Unix()), true
}

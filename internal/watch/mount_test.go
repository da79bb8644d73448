//go:build linux

package watch

import (
	"os"
	"strings"
	"testing"
)

func TestFileSystemWithoutNotificationsIsNamed(t *testing.T) {
	if name, silent := silentMount(t.TempDir()); silent {
		t.Skipf("SKIPPED: this machine's own temporary folder is on %s", name)
	}
	if _, silent := silentMount("/proc/no/such/file"); silent {
		t.Error("what is not there counts as silent")
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		var want bool
		switch fields[2] {
		case "9p", "nfs", "nfs4", "cifs", "virtiofs", "fuse", "fuse.sshfs":
			want = true
		case "tmpfs", "ext4", "proc":
		default:
			continue
		}
		if _, silent := silentMount(fields[1]); silent != want {
			if _, err := os.Stat(fields[1]); err == nil {
				t.Errorf("%s on %s: silent %v", fields[1], fields[2], silent)
			}
		}
	}
}

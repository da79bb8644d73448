package stack

import (
	"context"
	"fmt"
	"time"

	psnet "github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// ownerTimeout bounds the search for a port's owner, which reads every process.
const ownerTimeout = 2 * time.Second

// PortOwner names the program that listens on a TCP port of this machine, as
// "node (pid 4711)". It returns "" when the system does not tell, for example
// because the program belongs to another user.
func PortOwner(ctx context.Context, port int) string {
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	conns, err := psnet.ConnectionsWithContext(ctx, "tcp")
	if err != nil {
		return ""
	}
	for _, c := range conns {
		if c.Status != "LISTEN" || c.Laddr.Port != uint32(port) || c.Pid == 0 {
			continue
		}
		return describe(ctx, c.Pid)
	}
	return ""
}

func describe(ctx context.Context, pid int32) string {
	p, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return fmt.Sprintf("pid %d", pid)
	}
	name, err := p.NameWithContext(ctx)
	if err != nil || name == "" {
		return fmt.Sprintf("pid %d", pid)
	}
	return fmt.Sprintf("%s (pid %d)", name, pid)
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/realtimectl/realtimectl/internal/config"
)

// ports tries to listen where serve will.
func ports(ctx context.Context, o Options) []Finding {
	s := o.Config.Serve
	var found []Finding
	if !s.Proxy.Off && s.Mode == config.Development {
		found = append(found, port(ctx, o, "port.proxy", "--proxy-port", s.Proxy))
	}
	return append(found, port(ctx, o, "port.app", "--app-port", s.App))
}

func port(ctx context.Context, o Options, id, flag string, a config.Addr) Finding {
	if a.Port == 0 {
		return Finding{ID: id, Verdict: Pass, Message: "any free port"}
	}
	if slices.Contains(o.Ours, a.Port) {
		return Finding{ID: id, Verdict: Pass, Message: fmt.Sprintf("port %d serves this project now", a.Port)}
	}
	err := canListen(ctx, a)
	switch {
	case err == nil:
		return Finding{ID: id, Verdict: Pass, Message: fmt.Sprintf("port %d is free", a.Port)}
	case errors.Is(err, syscall.EADDRINUSE):
		message := fmt.Sprintf("port %d is in use", a.Port)
		if owner := owner(ctx, o, a.Port); owner != "" {
			message += " by " + owner
		}
		return Finding{ID: id, Verdict: Warn, Message: message, Fix: fmt.Sprintf("serve takes the next free one; or stop that program, or choose with %s", flag)}
	case errors.Is(err, fs.ErrPermission):
		return Finding{ID: id, Verdict: Fail, Message: fmt.Sprintf("this user may not listen on port %d", a.Port), Fix: "choose one above 1023 with " + flag}
	}
	return Finding{ID: id, Verdict: Fail, Message: err.Error(), Fix: "choose another address with --host and " + flag}
}

func owner(ctx context.Context, o Options, port int) string {
	if o.Owner == nil {
		return ""
	}
	return o.Owner(ctx, port)
}

func canListen(ctx context.Context, a config.Addr) error {
	hosts := []string{a.Host}
	if a.Host == "localhost" {
		hosts = loopbacks(ctx)
	}
	for _, host := range hosts {
		if err := tryListen(ctx, host, a.Port); err != nil {
			return err
		}
	}
	return nil
}

func tryListen(ctx context.Context, host string, port int) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return ln.Close()
}

// loopbacks are the loopback addresses that this machine has.
func loopbacks(ctx context.Context) []string {
	var have []string
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if tryListen(ctx, ip, 0) == nil {
			have = append(have, ip)
		}
	}
	return have
}

// localhost looks whether the name leads to where serve listens: browsers and node
// take ::1 or 127.0.0.1, as the system tells them.
func localhost(ctx context.Context, _ Options) []Finding {
	addrs, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	if err != nil {
		return one("localhost", Fail, "localhost does not resolve: "+err.Error(), "add to /etc/hosts: 127.0.0.1 localhost")
	}
	have := loopbacks(ctx)
	for _, addr := range addrs {
		if ip := net.ParseIP(addr); ip == nil || !ip.IsLoopback() {
			return one("localhost", Fail, "localhost leads to "+addr+", which is not this machine", "mend /etc/hosts")
		}
		if !slices.Contains(have, addr) && (addr == "::1" || addr == "127.0.0.1") {
			return one("localhost", Warn, "localhost also leads to "+addr+", on which nothing can listen here", "remove that line from /etc/hosts if a browser cannot connect")
		}
	}
	return one("localhost", Pass, "localhost is "+strings.Join(addrs, " and "), "")
}

// maxWatchesFile holds how many folders one user may watch on Linux.
const maxWatchesFile = "/proc/sys/fs/inotify/max_user_watches"

// watches compares the folders of the sources with what the system lets a user watch.
func watches(_ context.Context, o Options) []Finding {
	text, err := os.ReadFile(maxWatchesFile)
	if err != nil {
		return one("watch", Skip, runtime.GOOS+" has no limit that could be read", "")
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return one("watch", Skip, maxWatchesFile+" holds no number", "")
	}
	return judgeWatches(limit, countFolders(o.Config.Abs(o.Config.Paths.Src)))
}

// enoughWatches is what distributions set today; each watch that is used costs about 1 KB.
const enoughWatches = 524288

func judgeWatches(limit, folders int) []Finding {
	fix := fmt.Sprintf("sudo sysctl fs.inotify.max_user_watches=%d", enoughWatches)
	switch {
	case folders >= limit:
		return one("watch", Fail, fmt.Sprintf("%d folders to watch, but only %d are allowed", folders, limit), fix)
	case folders*2 >= limit:
		return one("watch", Warn, fmt.Sprintf("%d folders to watch of %d allowed, which editors need too", folders, limit), fix)
	}
	return one("watch", Pass, fmt.Sprintf("%d folders to watch of %d allowed", folders, limit), "")
}

// countFolders counts what a watcher has to watch: package folders are left out.
func countFolders(root string) int {
	n := 0
	// What cannot be read is not watched either.
	_ = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case slices.Contains([]string{"node_modules", "bower_components", ".git"}, d.Name()):
			return fs.SkipDir
		}
		n++
		return nil
	})
	return n
}

// fewFiles is a limit of open files that some hundred browsers exhaust: each has a
// connection or two.
const fewFiles = 1024

func openFiles(context.Context, Options) []Finding {
	limit, ok := fileLimit()
	switch {
	case !ok:
		return one("files", Skip, runtime.GOOS+" has no limit that could be read", "")
	case limit < fewFiles:
		return one("files", Warn, fmt.Sprintf("this process may open only %d files and connections", limit), "ulimit -n 65536")
	}
	return one("files", Pass, fmt.Sprintf("%d files and connections may be open", limit), "")
}

// surroundings names what behaves differently from a plain machine.
func surroundings(_ context.Context, o Options) []Finding {
	version, _ := os.ReadFile("/proc/version") // missing on other systems
	_, docker := os.Stat("/.dockerenv")
	switch {
	case strings.Contains(strings.ToLower(string(version)), "microsoft") && strings.HasPrefix(o.Config.Dir, "/mnt/"):
		return one("system", Warn, "the project lies on a Windows drive, whose changes WSL does not announce", "move it into the Linux file system, such as ~/projects")
	case os.Getenv("CODESPACES") != "":
		return one("system", Pass, "a codespace: open the forwarded port, and add its host name to serve.allowed-hosts", "")
	case docker == nil && o.Config.Serve.App.Host == "localhost":
		return one("system", Warn, "a container: loopback listeners cannot be reached from outside", "serve --host 0.0.0.0, and publish the ports")
	}
	return one("system", Pass, runtime.GOOS+"/"+runtime.GOARCH, "")
}

// Command realtimectl runs a realtime web project: a development server with live
// reload, a Socket.IO hub, the back-ends beside it, and the build for production.
//
// Each command has a file here: its flags, its help, its words. What a command does
// is done by the packages below internal. Every way in which the program can end is
// in exit.go.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/backend"
)

func main() {
	if code, ok := backend.Supervise(); ok {
		os.Exit(code) // this process only watches over a back-end
	}
	started := time.Now()
	cobra.EnableCommandSorting = false                      // the help lists them in the order of use
	browser.Stdout, browser.Stderr = io.Discard, io.Discard // its own words help nobody here
	ctx, stop := interruptible(context.Background())
	code := run(ctx, os.Args[1:], streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), started: started,
	})
	stop()
	os.Exit(code)
}

// streams is everything the program has of the world outside the file system.
type streams struct {
	in       io.Reader
	out, err io.Writer // data, and messages
	environ  []string
	started  time.Time
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	a := newApp(s)
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.finish(ctx, cmd, err)
}

// sameRequest is how soon a second signal counts as an echo of the first one: npm, shells
// and timeout(1) hand on what the terminal, or they themselves, have sent to the whole
// group. A person takes longer to ask again.
const sameRequest = 200 * time.Millisecond

// interruptible returns a context that the first Ctrl-C, or another polite request to
// stop, cancels. The second one ends the program at once: whoever asks twice does not
// want to wait for connections to drain. Back-ends are then killed by their supervisors.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		var asked time.Time
		for {
			select {
			case <-signals:
			case <-done:
				return
			}
			switch {
			case asked.IsZero():
				asked = time.Now()
				cancel()
			case time.Since(asked) > sameRequest:
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

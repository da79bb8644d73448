// Package backend runs the servers a project has beside its pages: `php artisan serve`,
// `node server.js`, `go run ./api`.
//
// A [Group] starts its services in the order of their dependencies, tells when each is
// healthy, hands on what they print line by line, starts them again when they crash, and
// stops them in reverse order. Whatever a service has started in turn ends with it, also
// when this process is killed and can do nothing any more.
//
// # How no process is left behind
//
// Between us and a command stands a supervisor: this same program, started again with
// an environment variable (see [Supervise], which main calls first thing). It holds the
// read end of a pipe whose only other end is ours. If we die, however that happens, the
// pipe ends and the supervisor stops the command and all its descendants: first with
// SIGTERM, then with SIGKILL. On Linux it is the subreaper of its tree, so that not even
// a process that detaches itself escapes; on macOS such a process is found by a mark in
// its environment. If the supervisor is killed as well, Linux takes the command with it,
// and what is left is found by the same mark when the project is next served: each run
// leaves a small file in Options.StateDir until it has ended cleanly.
//
// On Windows a job object takes the place of the supervisor. There is no SIGTERM there:
// a service is ended at once, without a chance to tidy up, and its output is a pipe
// instead of a terminal. On other Unix systems only the process group is stopped.
package backend

// Command hub loads servers that relay events to many clients, and tells what they
// deliver, how late, and at what cost. README.md says what is measured and how to read it.
//
//	hub bench -peers peers.json -dir DIR -out results.jsonl PEER...
//	hub report results.jsonl
//	hub load -addr 127.0.0.1:3010 -params '{"kind":"fanout",…}'
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	commands := map[string]func([]string) error{"load": loadMain, "bench": benchMain, "report": reportMain, "yardstick": yardstickMain}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: hub load|bench|report …")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "hub:", err)
		os.Exit(1)
	}
}

// loadMain runs one scenario and prints its Result.
func loadMain(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:3010", "the server")
	proto := flags.String("proto", "sio", "sio, sio3 or tcp")
	params := flags.String("params", `{"kind":"fanout","n":100,"size":64,"window":1,"dur":3,"warm":1}`, "the scenario, as in peers.json")
	pid := flags.Int("pid", 0, "process id of the server, for its CPU time and memory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var p Params
	if err := json.Unmarshal([]byte(*params), &p); err != nil {
		return fmt.Errorf("-params: %w", err)
	}
	// One thread, undisturbed by its own garbage: see Loop.
	runtime.LockOSThread()
	debug.SetGCPercent(400)
	res := Result{Params: p}
	measured, err := run(*addr, *proto, p, *pid)
	res.M = measured
	if err != nil {
		res.Err = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

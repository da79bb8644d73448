package sheets

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"modernc.org/quickjs"
)

//go:embed js/engine.js
var engineJS string

// engineHeap bounds the memory of the engine; the largest frameworks take a tenth.
const engineHeap = 1 << 30 // bytes

// engineBackend runs a package without node, in an engine that stays warm.
type engineBackend struct {
	choice Choice
	turn   turn
	vm     *quickjs.VM // for whose turn it is; nil = not started
	job    *job        // for whose turn it is: the sheet
	mu     sync.Mutex  // guards stop
	stop   func()      // interrupts the sheet that is compiled
}

func newEngine(c Choice) *engineBackend {
	return &engineBackend{choice: c, turn: newTurn()}
}

// compile waits for its turn. An engine that fails, or is late, is thrown away.
func (b *engineBackend) compile(ctx context.Context, j *job) (reply, error) {
	if err := b.turn.take(ctx); err != nil {
		return reply{}, err
	}
	defer b.turn.give()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b.interruptBy(func() { cancel(ErrClosed) })
	defer b.interruptBy(nil)
	r, err := b.run(ctx, j)
	if err == nil {
		return r, nil
	}
	if b.vm != nil {
		_ = b.vm.Close()
		b.vm = nil
	}
	if ctx.Err() != nil {
		return reply{}, context.Cause(ctx)
	}
	return reply{}, err
}

func (b *engineBackend) interruptBy(stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop = stop
}

// run compiles one sheet in the engine, which it starts if there is none.
func (b *engineBackend) run(ctx context.Context, j *job) (reply, error) {
	if b.vm == nil {
		vm, err := quickjs.NewVM()
		if err != nil {
			return reply{}, fmt.Errorf("start the engine: %w", err)
		}
		b.vm = vm
		vm.SetMemoryLimit(engineHeap)
		if err := vm.RegisterHostFunc("__host", b.host); err != nil {
			return reply{}, fmt.Errorf("start the engine: %w", err)
		}
	}
	stop := context.AfterFunc(ctx, b.vm.Interrupt)
	r, err := b.evaluate(j)
	if !stop() && err == nil {
		err = context.Cause(ctx) // the next sheet would be interrupted
	}
	return r, err
}

// evaluate compiles one sheet in the engine that runs.
func (b *engineBackend) evaluate(j *job) (reply, error) {
	if err := b.load(); err != nil {
		return reply{}, err
	}
	data, err := json.Marshal(j.request())
	if err != nil {
		return reply{}, fmt.Errorf("speak to the engine: %w", err)
	}
	b.job = j
	defer func() { b.job = nil }()
	text, err := b.vm.Call("__compile", string(data))
	if err != nil {
		return reply{}, explain(err)
	}
	var r reply
	if err := json.Unmarshal([]byte(fmt.Sprint(text)), &r); err != nil {
		return reply{}, fmt.Errorf("read the engine's answer: %w", err)
	}
	return r, nil
}

// load brings the package into the engine once.
func (b *engineBackend) load() error {
	if loaded, err := b.vm.Eval("typeof __compile", quickjs.EvalGlobal); err != nil || loaded == "function" {
		return err
	}
	platform := map[string]string{"windows": "win32"}[runtime.GOOS]
	if platform == "" {
		platform = runtime.GOOS
	}
	args, err := json.Marshal([]string{filepath.ToSlash(b.choice.dir), platform, filepath.ToSlash(b.choice.Path)})
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	script := `(function (args) {
  var node = (` + engineJS + `)(__host, args[0], args[1]), compile = ` + driverJS + `, pkg = node.require(args[2]);
  function ask(question) { return JSON.parse(__host('ask', JSON.stringify(question))); }
  globalThis.__compile = function (request) {
    var reply = compile(pkg, JSON.parse(request), ask);
    node.drain();
    return JSON.stringify(reply);
  };
})(` + string(args) + `)`
	if _, err := b.vm.Eval(script, quickjs.EvalGlobal); err != nil {
		return fmt.Errorf("load %s: %w", b.choice, explain(err))
	}
	return nil
}

// explain adds where in the package it happened.
func explain(err error) error {
	if e, ok := errors.AsType[*quickjs.Error](err); ok && e.Stack != "" {
		return fmt.Errorf("%w\n%s", err, e.Stack)
	}
	return err
}

// host is what scripts in the engine can do outside of it: ask for imports and read.
func (b *engineBackend) host(args []any) (any, error) {
	if len(args) != 2 {
		return nil, errors.New("host wants a name and a value")
	}
	name, _ := args[0].(string)
	data, _ := args[1].(string)
	var value any
	if name == "ask" {
		var q question
		if err := json.Unmarshal([]byte(data), &q); err != nil {
			return nil, fmt.Errorf("read a question: %w", err)
		}
		value = b.job.answer(q)
	} else {
		var p string
		if err := json.Unmarshal([]byte(data), &p); err != nil {
			return nil, fmt.Errorf("read a path: %w", err)
		}
		if name == "text" { // whole packages are read in this way
			text, err := os.ReadFile(filepath.FromSlash(p))
			if err != nil {
				return nil, nil
			}
			return string(text), nil
		}
		value = look(name, filepath.FromSlash(p))
	}
	if value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// look reads the file system; nil = there is no such thing.
func look(what, file string) any {
	switch what {
	case "bytes":
		if data, err := os.ReadFile(file); err == nil {
			return base64.StdEncoding.EncodeToString(data)
		}
	case "stat":
		if info, err := os.Stat(file); err == nil {
			return map[string]any{"dir": info.IsDir(), "size": info.Size(), "time": info.ModTime().UnixMilli()}
		}
	case "real":
		if real, err := filepath.EvalSymlinks(file); err == nil {
			return filepath.ToSlash(real)
		}
	case "list":
		if entries, err := os.ReadDir(file); err == nil {
			names := make([]string, len(entries))
			for i, e := range entries {
				names[i] = e.Name()
			}
			return names
		}
	}
	return nil
}

// close ends the engine, also one that is at work.
func (b *engineBackend) close() error {
	b.mu.Lock()
	if b.stop != nil {
		b.stop()
	}
	b.mu.Unlock()
	<-b.turn
	defer b.turn.give()
	if b.vm == nil {
		return nil
	}
	err := b.vm.Close()
	b.vm = nil
	return err
}

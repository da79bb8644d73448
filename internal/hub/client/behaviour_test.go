package client_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/hub/client"
)

// TestBehaviour runs the tests of testdata/*.js, each in a world of its own: the
// client as a page gets it, over a network and a clock that the test plays.
func TestBehaviour(t *testing.T) {
	for _, file := range []string{"connection.js", "events.js", "transports.js"} {
		for _, name := range newWorld(t, file).tests(t) {
			t.Run(name, func(t *testing.T) {
				newWorld(t, file).run(t, name)
			})
		}
	}
}

func TestScriptAnswersToWhoeverLoadsIt(t *testing.T) {
	loaders := map[string]string{
		"page":     `var self = this; LOAD; io`,
		"CommonJS": `var module = { exports: {} }; LOAD; module.exports`,
		"AMD":      `var got; function define(names, make) { got = make() } define.amd = {}; LOAD; got`,
	}
	for name, loader := range loaders {
		t.Run(name, func(t *testing.T) {
			w := &world{vm: goja.New()}
			if err := w.vm.Set("load", func() { w.script(t, "socket.io.js", string(client.Source())) }); err != nil {
				t.Fatal(err)
			}
			check := `(function (io) {
				return typeof io == "function" && io.connect == io && io.io == io && io.default == io &&
					typeof io.Manager == "function" && typeof io.Socket == "function" && io.protocol
			})(` + `eval(` + quote(loader) + `.replace("LOAD", "load()"))` + `)`
			if got := w.script(t, "check.js", check).Export(); got != int64(5) {
				t.Errorf("got %v, want the documented names and protocol 5", got)
			}
		})
	}
}

func quote(s string) string { return "`" + s + "`" }

// world is one JavaScript engine with the client in it.
type world struct{ vm *goja.Runtime }

func newWorld(t *testing.T, tests string) *world {
	t.Helper()
	w := &world{vm: goja.New()}
	w.set(t, "btoa", func(binary string) string { return base64.StdEncoding.EncodeToString(latin1(binary)) })
	w.set(t, "atob", func(text string) string {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			panic(w.vm.NewTypeError(err.Error()))
		}
		return string(runes(data))
	})
	for _, name := range []string{"world.js", "", tests} {
		if name == "" {
			w.script(t, "socket.io.js", string(client.Source()))
			continue
		}
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		w.script(t, name, string(text))
	}
	return w
}

func (w *world) set(t *testing.T, name string, value any) {
	t.Helper()
	if err := w.vm.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

func (w *world) script(t *testing.T, name, text string) goja.Value {
	t.Helper()
	value, err := w.vm.RunScript(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func (w *world) tests(t *testing.T) []string {
	t.Helper()
	var names []string
	if err := w.vm.ExportTo(w.script(t, "names.js", `Object.keys(tests)`), &names); err != nil {
		t.Fatal(err)
	}
	return names
}

// run calls one test. When the call returns, all its jobs have run as well: nothing
// in this world waits for anything outside of it.
func (w *world) run(t *testing.T, name string) {
	t.Helper()
	w.set(t, "testName", name)
	promise, ok := w.script(t, "run.js", `tests[testName]()`).Export().(*goja.Promise)
	switch {
	case !ok:
		t.Fatal("the test is no async function")
	case promise.State() == goja.PromiseStatePending:
		t.Fatal("the test waits for something that never comes")
	case promise.State() == goja.PromiseStateRejected:
		t.Fatal(promise.Result().String())
	}
}

// latin1 turns a string of characters up to U+00FF into their bytes.
func latin1(s string) []byte {
	data := make([]byte, 0, len(s))
	for _, r := range s {
		data = append(data, byte(r))
	}
	return data
}

func runes(data []byte) []rune {
	text := make([]rune, len(data))
	for i, b := range data {
		text[i] = rune(b)
	}
	return text
}

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub/client"
)

// driverLimit bounds one client's run in Node.js, so that a hanging one names itself
// instead of the whole test run.
const driverLimit = time.Minute

// transports are the three ways to connect that each client is tried with.
var transports = []string{"polling", "websocket", "polling+websocket"}

// outcome is what a scenario ends with.
type outcome struct {
	Seen  any    `json:"seen,omitempty"`
	Error string `json:"error,omitempty"`
}

// wantSeen is what every client sees over the given transports: the same.
func wantSeen(t *testing.T, transports string) outcome {
	t.Helper()
	last := transports[strings.LastIndexByte(transports, '+')+1:]
	text := `{
		"idLength": 20,
		"transport": "` + last + `",
		"relayed": [{"title": "é€😀", "n": 1.5, "list": [null, true]}],
		"heardByOthers": [{"title": "é€😀", "n": 1.5, "list": [null, true]}],
		"published": ["é€😀", {"n": 1.5}],
		"relayedWithoutArguments": [],
		"acknowledged": [1, "é€😀", {"3": [false]}],
		"relayedBinary": [{"bytes": [0, 1, 128, 255]}, {"deep": [{"bytes": [7]}]}],
		"acknowledgedBinary": [{"bytes": [9, 8]}, "and text"],
		"longTextIntact": true,
		"burstInOrder": true,
		"relayedInNamespace": ["é€😀"],
		"serverDisconnect": "io server disconnect",
		"refusedNamespace": "Invalid namespace",
		"clientDisconnect": "io client disconnect"
	}`
	var seen any
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		t.Fatal(err)
	}
	return outcome{Seen: seen}
}

func TestEveryClientInNode(t *testing.T) {
	needSetup(t, "node")
	url := startServer(t)
	versions := []string{"1.4", "1.7", "2.0", "2.5", "3.0", "3.1", "4.0", "4.5", "4.8", "3.1+msgpack", "4.8+msgpack"}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			checkDriver(t, url, "client-"+version, transports)
		})
	}
	t.Run("own", func(t *testing.T) {
		t.Parallel()
		// Node.js has had WebSocket itself only since version 22; the browser tests the rest.
		checkDriver(t, url, ownModule(t), []string{"polling"})
	})
}

// ownModule returns a file that require() takes for our own client.
func ownModule(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own.cjs")
	if err := os.WriteFile(path, client.Source(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// esbuild, which compiles the client, only strips its types.
func TestClientTypesHold(t *testing.T) {
	needSetup(t, "node")
	out, err := exec.CommandContext(t.Context(), "node", "node_modules/typescript/bin/tsc", "-p", "../internal/hub/client").CombinedOutput()
	if err != nil {
		t.Errorf("tsc: %v\n%s", err, out)
	}
}

func checkDriver(t *testing.T, url, module string, transports []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), driverLimit)
	defer cancel()
	args := append([]string{"driver.cjs", module, url, filepath.Base(module)}, transports...)
	out, err := exec.CommandContext(ctx, "node", args...).Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	got := map[string]outcome{}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("the driver said %q: %v", out, err)
	}
	for _, list := range transports {
		if got[list].Error != "" {
			t.Errorf("%s: %s", list, got[list].Error)
			continue
		}
		if diff := cmp.Diff(wantSeen(t, list), got[list]); diff != "" {
			t.Errorf("%s: seen by the client (-want +got):\n%s", list, diff)
		}
	}
}

package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The client has not heard a single event before it is cut off: the official server
// could not give it anything back.
func TestClientsGetBackWhatTheyMissed(t *testing.T) {
	needSetup(t, "node")
	url := startServer(t)
	want := map[string]any{
		"connects":  2.0,
		"recovered": true,
		"sameId":    true,
		"missed":    []any{"é€😀", map[string]any{"n": 1.5}},
	}
	for _, tt := range []struct{ module, transport string }{
		{"client-4.8", "websocket"},
		{"client-4.8", "polling"},
		{ownModule(t), "polling"},
	} {
		t.Run(filepath.Base(tt.module)+"/"+tt.transport, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), driverLimit)
			defer cancel()
			tag := filepath.Base(tt.module) + ":" + tt.transport
			out, err := exec.CommandContext(ctx, "node", "recovery.cjs", tt.module, url, tag, tt.transport).Output()
			if err != nil {
				t.Fatalf("recovery.cjs: %v\n%s", err, out)
			}
			var got map[string]any
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("the driver said %q: %v", out, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what came back (-want +got):\n%s", diff)
			}
		})
	}
}

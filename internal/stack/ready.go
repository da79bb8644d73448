package stack

import (
	"encoding/json"
	"fmt"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

// readiness is the content of the ready file.
type readiness struct {
	PID   int    `json:"pid"`
	Mode  string `json:"mode"`
	App   string `json:"app"`
	Proxy string `json:"proxy,omitempty"`
}

// writeReadyFile tells scripts that every listener accepts; the file appears whole.
func writeReadyFile(path string, info Info) error {
	text, err := json.Marshal(readiness{info.PID, info.Mode, info.App, info.Proxy})
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	if err := atomicfile.Write(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	return nil
}

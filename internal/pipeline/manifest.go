package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// manifestName is the file that says which source became which file of the output. A
// project's own file of that name (a web app manifest) goes first; ours then takes the
// other name.
const (
	manifestName      = "manifest.json"
	manifestOtherName = "build-manifest.json"
)

// generator marks a manifest, and so a folder, as made by Build.
const generator = "realtimectl"

// manifest is the content of the manifest file.
type manifest struct {
	Generator string           `json:"generator"`
	Files     map[string]entry `json:"files"`
}

// entry is one source's output. Sizes are bytes.
type entry struct {
	File   string `json:"file"`
	Size   int64  `json:"size"`
	Gzip   int64  `json:"gzip,omitempty"`
	Brotli int64  `json:"brotli,omitempty"`
	Zstd   int64  `json:"zstd,omitempty"`
}

// readManifest returns what the last build of an output folder made; nil when the
// folder is not ours.
func readManifest(dir string) map[string]entry {
	for _, name := range []string{manifestName, manifestOtherName} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		var m manifest
		if json.Unmarshal(data, &m) == nil && m.Generator == generator {
			if m.Files == nil {
				m.Files = map[string]entry{}
			}
			return m.Files
		}
	}
	return nil
}

// encode returns the manifest's bytes: keys sorted, two spaces, a final newline.
func (m manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return b.Bytes(), nil
}

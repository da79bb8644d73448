package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/config"
)

// WriteSchema puts the JSON Schema of the configuration where [config.SchemaLine] looks
// for it. It leaves a file that says the same alone.
func WriteSchema(project string) error {
	schema, err := config.Schema()
	if err != nil {
		return err
	}
	schema = append(schema, '\n')
	path := filepath.Join(project, filepath.FromSlash(config.SchemaFile))
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, schema) {
		return nil
	}
	if err := makeFolder(project, filepath.Dir(path)); err != nil {
		return fmt.Errorf("schema for editors: %w", err)
	}
	if err := atomicfile.Write(path, schema, 0o644); err != nil {
		return fmt.Errorf("schema for editors: %w", err)
	}
	return nil
}

// addSchema keeps the schema that the project's configuration file asks for equal to
// this program. A project that cannot be written to is served all the same.
func (p *parts) addSchema(context.Context) error {
	if p.cfg.File == "" {
		return nil
	}
	text, err := os.ReadFile(p.cfg.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has just been removed
	}
	if err != nil || !bytes.Contains(text, []byte(config.SchemaLine)) {
		return err
	}
	if err := WriteSchema(p.cfg.Dir); err != nil {
		p.log.Warn(err.Error(), "event", "schema.failed")
	}
	return nil
}

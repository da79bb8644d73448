package templates

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// write puts the files in place. They are first written beside it, where nobody looks:
// a folder that is new then appears by one rename, and in one that is there each file
// does. What was done is undone if a step fails or ctx ends.
func write(ctx context.Context, dst string, files []File, contents map[string][]byte) error {
	w := &writer{dst: dst}
	if err := w.writeAll(ctx, files, contents); err != nil {
		w.undo()
		return err
	}
	if err := os.RemoveAll(w.stage); err != nil {
		return fmt.Errorf("tidy up: %w", err)
	}
	return nil
}

func (w *writer) writeAll(ctx context.Context, files []File, contents map[string][]byte) error {
	if err := w.makeStage(); err != nil {
		return err
	}
	for _, f := range files {
		if f.Action != Create && f.Action != Replace {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write the project: %w", context.Cause(ctx))
		}
		if err := w.prepare(f.Path, contents[f.Path]); err != nil {
			return err
		}
	}
	if w.fresh {
		return w.appear(ctx)
	}
	return w.move(ctx, files)
}

// writer is one writing of a project.
type writer struct {
	dst, stage string
	fresh      bool // dst is not there yet
	steps      []func() error
}

// done remembers how a step is undone.
func (w *writer) done(undo func() error) { w.steps = append(w.steps, undo) }

// undo takes everything back, the last first. What cannot be undone stays: the error
// that led here is the one to tell.
func (w *writer) undo() {
	for _, step := range slices.Backward(w.steps) {
		_ = step()
	}
}

// makeStage makes the folder in which the files wait: beside one that is new, in one
// that is there, so that a rename never leaves the file system.
func (w *writer) makeStage() error {
	parent := w.dst
	if _, err := os.Stat(w.dst); errors.Is(err, fs.ErrNotExist) {
		w.fresh, parent = true, filepath.Dir(w.dst)
		if err := w.folder(parent); err != nil {
			return err
		}
	}
	stage := filepath.Join(parent, ".realtimectl-init-"+rand.Text()[:8])
	if err := os.Mkdir(stage, 0o755); err != nil {
		return fmt.Errorf("make the project: %w", err)
	}
	w.stage = stage
	w.done(func() error { return os.RemoveAll(stage) })
	return nil
}

// prepare writes a file where it waits.
func (w *writer) prepare(path string, data []byte) error {
	file := w.staged(path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the project: %w", err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("make the project: %w", err)
	}
	return nil
}

func (w *writer) staged(path string) string {
	return filepath.Join(w.stage, "new", filepath.FromSlash(path))
}

// appear lets the new folder come into being.
func (w *writer) appear(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("write the project: %w", context.Cause(ctx))
	}
	if err := os.Rename(w.staged(""), w.dst); err != nil {
		return fmt.Errorf("make the project: %w", err)
	}
	return nil
}

// move puts the files into a folder that is there. One that is replaced waits in the
// stage until the last has arrived.
func (w *writer) move(ctx context.Context, files []File) error {
	for i, f := range files {
		if ctx.Err() != nil {
			return fmt.Errorf("write the project: %w", context.Cause(ctx))
		}
		file := filepath.Join(w.dst, filepath.FromSlash(f.Path))
		var err error
		switch f.Action {
		case Create:
			err = w.create(file, f.Path)
		case Replace:
			err = w.replace(file, f.Path, filepath.Join(w.stage, "old"+strconv.Itoa(i)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) create(file, path string) error {
	if err := w.folder(filepath.Dir(file)); err != nil {
		return err
	}
	if err := os.Rename(w.staged(path), file); err != nil {
		return fmt.Errorf("put %s in place: %w", path, err)
	}
	w.done(func() error { return os.Remove(file) })
	return nil
}

func (w *writer) replace(file, path, old string) error {
	if err := os.Rename(file, old); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	w.done(func() error { return os.Rename(old, file) })
	if err := os.Rename(w.staged(path), file); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}

// folder makes a folder with those around it, and remembers which had to be made.
func (w *writer) folder(dir string) error {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		if err := os.Mkdir(d, 0o755); err != nil {
			return fmt.Errorf("make folder %s: %w", d, err)
		}
		w.done(func() error { return os.Remove(d) })
	}
	return nil
}

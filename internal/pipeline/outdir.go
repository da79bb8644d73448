package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// stale is the age after which a folder that a killed build left behind is removed.
const stale = time.Hour

// checkOut refuses an output folder whose replacement could lose the user's work.
func (b *builder) checkOut() error {
	switch {
	case within(b.tree.dir, b.out):
		return refuse(b.out, "it is the project, or a folder above it", "name a folder of its own with --out")
	case b.tree.src != b.tree.dir && (within(b.tree.src, b.out) || within(b.out, b.tree.src)):
		return refuse(b.out, "the sources are there", "name a folder of its own with --out")
	}
	info, err := os.Lstat(b.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the output folder: %w", err)
	}
	if !info.IsDir() {
		return refuse(b.out, "it is not a folder", "remove it, or name another with --out")
	}
	return b.checkContent()
}

// checkContent accepts a folder that is empty, that the last build made, or that the
// project itself treats as throw-away.
func (b *builder) checkContent() error {
	entries, err := os.ReadDir(b.out)
	if err != nil {
		return fmt.Errorf("look at the output folder: %w", err)
	}
	ours := len(entries) == 0 || readManifest(b.out) != nil
	if ours || b.opts.Force || b.layout.Dist != "" && b.out == absIn(b.tree.dir, b.layout.Dist) || b.ignored() {
		return nil
	}
	return refuse(b.out, fmt.Sprintf("it holds files that this tool did not make, %s for one", entries[0].Name()),
		"--force replaces it; --out names another folder")
}

// ignored reports whether git does not keep the output folder: what is not kept is made
// anew by every build.
func (b *builder) ignored() bool {
	return slices.Contains(gitignored(b.tree.dir), b.tree.rel(b.out))
}

// gitignored returns the names that the project's .gitignore lists, without slashes around
// them.
func gitignored(dir string) []string {
	f, err := os.Open(filepath.Join(dir, ".gitignore"))
	if err != nil {
		return nil
	}
	defer f.Close()
	var names []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		names = append(names, strings.Trim(strings.TrimSpace(lines.Text()), "/"))
	}
	return names
}

// within reports whether a path is dir or lies below it.
func within(p, dir string) bool {
	r, err := filepath.Rel(dir, p)
	return err == nil && (r == "." || filepath.IsLocal(r))
}

func refuse(out, reason, hint string) error {
	return diag.List{{
		Severity: diag.Error, Source: "build",
		Message: fmt.Sprintf("%s cannot be the output folder: %s", out, reason), Hint: hint,
	}}
}

// publish writes the output beside its place and swaps it in.
func (b *builder) publish(ctx context.Context, files []output) (err error) {
	report := b.report(files)
	parent, base := filepath.Split(b.out)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	b.removeStale(parent, base)
	aside, err := os.MkdirTemp(parent, "."+base+".new-")
	if err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()
	if err := os.Chmod(aside, 0o755); err != nil { // MkdirTemp gives 0700; a web server runs as another user
		return fmt.Errorf("make the output folder: %w", err)
	}
	if err := writeAll(ctx, aside, files); err != nil {
		return err
	}
	if err := writeManifest(aside, report.manifest()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return swap(aside, b.out)
}

func writeManifest(dir string, m manifest) error {
	data, err := m.encode()
	if err != nil {
		return err
	}
	name := filepath.Join(dir, manifestName)
	if _, err := os.Lstat(name); err == nil {
		name = filepath.Join(dir, manifestOtherName)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

func writeAll(ctx context.Context, dir string, files []output) error {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		file := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
		for ext, data := range map[string][]byte{"": f.raw, ".gz": f.gzip, ".br": f.brotli, ".zst": f.zstd} {
			if data == nil && ext != "" {
				continue
			}
			if err := os.WriteFile(file+ext, data, 0o644); err != nil {
				return fmt.Errorf("write %s: %w", f.name, err)
			}
		}
	}
	return nil
}

// removeStale removes what builds that were killed have left beside the output folder.
// Nothing depends on it, so a failure is no error.
func (b *builder) removeStale(parent, base string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+base+".new-") && !strings.HasPrefix(e.Name(), "."+base+".old-") {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > stale {
			dir := filepath.Join(parent, e.Name())
			b.log.Debug("removed what a killed build left: "+dir, "event", "build.stale")
			_ = os.RemoveAll(dir)
		}
	}
}

// swapByRename is swap where folders cannot be exchanged in one step: for a moment
// between two renames there is no output folder, never half of one.
func swapByRename(aside, out string) error {
	old, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".old-")
	if err != nil {
		return fmt.Errorf("replace %s: %w", out, err)
	}
	kept := filepath.Join(old, "dist")
	err = os.Rename(out, kept)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("replace %s: %w", out, err), os.RemoveAll(old))
	}
	if err := os.Rename(aside, out); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", out, err), os.Rename(kept, out), os.RemoveAll(old))
	}
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("remove the last build: %w", err)
	}
	return nil
}

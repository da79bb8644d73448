package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func (a *app) cleanCommand() *cobra.Command {
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:               "clean [dir]",
		Short:             "Remove what serve and build made: .tmp and dist",
		Example:           "realtimectl clean\nrealtimectl clean --dry-run",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.clean(a.dir(args), dryRun, asJSON)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be removed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it for programs")
	return cmd
}

func (a *app) clean(dir string, dryRun, asJSON bool) error {
	cfg, err := a.project(dir)
	if err != nil {
		return err
	}
	removed := []string{}
	for _, out := range []string{cfg.Paths.Tmp, cfg.Paths.Dist} {
		gone, err := removeFolder(cfg.Dir, filepath.FromSlash(out), dryRun)
		if err != nil {
			return err
		}
		if gone {
			removed = append(removed, out)
		}
	}
	if asJSON {
		return a.writeJSON(map[string]any{"removed": removed, "dryRun": dryRun})
	}
	for _, name := range removed {
		a.printf("%s %s\n", verb(dryRun, "would remove", "removed"), name)
	}
	if len(removed) == 0 {
		a.printf("nothing to remove\n")
	}
	return nil
}

func verb(dryRun bool, would, did string) string {
	if dryRun {
		return would
	}
	return did
}

// removeFolder removes a folder of the project. It works through the project's root,
// so that no symbolic link on the way leads out of it.
func removeFolder(project, name string, dryRun bool) (bool, error) {
	root, err := os.OpenRoot(project)
	if err != nil {
		return false, fmt.Errorf("clean: %w", err)
	}
	defer func() { _ = root.Close() }() // it was only read from
	if _, err := root.Lstat(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, fmt.Errorf("clean: %w", err)
	}
	if dryRun {
		return true, nil
	}
	if err := root.RemoveAll(name); err != nil {
		return false, fmt.Errorf("clean: %w", err)
	}
	return true, nil
}

package stack

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/config"
)

// stateDir holds what one run leaves for other programs of the same user: the token
// of the control endpoints. It ignores itself, so it never shows in git status.
const (
	stateDir   = ".realtimectl"
	ignoreFile = ".gitignore"
)

// tokenBytes bounds a token file: a larger one is something else.
const tokenBytes = 4 << 10

// publishToken returns the token that control endpoints ask for. A token file that
// the configuration names is read, and made if it is missing, so that a back-end can
// rely on it; the default one is new at each start.
func publishToken(cfg *config.Config) (string, error) {
	path := cfg.Abs(cfg.Hub.Publish.TokenFile)
	if cfg.Given("hub.publish.token-file") {
		token, err := readToken(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return token, err
		}
	}
	if err := makeStateDir(cfg.Dir, path); err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	token := rand.Text()
	if err := atomicfile.Write(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	return token, nil
}

// forgetToken removes the token of a run that ended, and the folder if nothing else is
// in it, so that no other program takes the run for alive. A token file that the
// configuration names stays.
func forgetToken(cfg *config.Config) error {
	if cfg.Given("hub.publish.token-file") {
		return nil
	}
	dir := filepath.Join(cfg.Dir, stateDir)
	if err := os.Remove(cfg.Abs(cfg.Hub.Publish.TokenFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("token file: %w", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != ignoreFile {
		return nil
	}
	return os.RemoveAll(dir)
}

func readToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	if info.Size() > tokenBytes {
		return "", fmt.Errorf("token file: %s is no token: it holds %d bytes", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("token file: %s is empty; remove it and a new one is made", path)
	}
	return token, nil
}

// makeStateDir makes the folder of path; our own one is private and ignores itself.
func makeStateDir(project, path string) error {
	dir := filepath.Dir(path)
	if dir != filepath.Join(project, stateDir) {
		return os.MkdirAll(dir, 0o755)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, ignoreFile), []byte("*\n"), 0o644)
}

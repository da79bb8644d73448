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

// tokenBytes bounds a token file: a larger one is something else.
const tokenBytes = 4 << 10

// publishToken returns the token that control endpoints ask for. A token file that
// the configuration names is read, and made if it is missing, so that a back-end can
// rely on it. The default one is new at each start, unless another serve of the project
// lives: its token holds for both.
func publishToken(cfg *config.Config) (string, error) {
	path := cfg.Abs(cfg.Hub.Publish.TokenFile)
	if cfg.Given("hub.publish.token-file") || len(livingStates(cfg.Dir)) > 0 {
		token, err := readToken(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return token, err
		}
	}
	if err := makeFolder(cfg.Dir, filepath.Dir(path)); err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	token := rand.Text()
	if err := atomicfile.Write(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	return token, nil
}

// forgetToken removes the token of a run that ended. A token file that the
// configuration names stays.
func forgetToken(cfg *config.Config) error {
	if cfg.Given("hub.publish.token-file") {
		return nil
	}
	if err := os.Remove(cfg.Abs(cfg.Hub.Publish.TokenFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("token file: %w", err)
	}
	return nil
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

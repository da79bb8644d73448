package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// maxConfig bounds a configuration file that is looked into, in bytes.
const maxConfig = 1 << 20

// readVite takes the folders of a Vite project: its page is a source, which names the
// scripts; the rest of the configuration speaks to Vite's own plugins.
func (l *Layout) readVite(dir string) {
	configs, _ := fs.Glob(os.DirFS(dir), "vite.config.*")
	if len(configs) == 0 {
		l.readViteDependency(dir)
		return
	}
	name := configs[0]
	l.is(Vite, name)
	text, err := readSmall(filepath.Join(dir, name))
	if err != nil {
		return
	}
	root := "."
	if m := viteRoot.FindSubmatch(text); m != nil {
		root = path.Clean(string(m[1]))
	}
	l.viteFolders(root, name)
	l.alias = viteAliases(text)
	l.env.dir = root
	if m := viteEnvDir.FindSubmatch(text); m != nil {
		l.env.dir = path.Join(root, string(m[1]))
	}
	if m := viteEnvPrefix.FindSubmatch(text); m != nil {
		l.env.prefixes = append(l.env.prefixes, string(m[1]))
	}
	if m := vitePublic.FindSubmatch(text); m != nil {
		l.Public, l.Origin["public"] = path.Join(root, string(m[1])), name
	}
	if m := viteOut.FindSubmatch(text); m != nil {
		l.Dist, l.Origin["dist"] = path.Join(root, string(m[1])), name
	}
}

// viteAliases reads the names for folders that the configuration gives, as far as they are
// written out: each is a word and a path, with or without a call around it.
func viteAliases(text []byte) map[string]string {
	m := viteAlias.FindSubmatch(text)
	if m == nil {
		return nil
	}
	found := map[string]string{}
	for _, pair := range viteAliasPair.FindAllSubmatch(m[1], -1) {
		if to := cleanLocal(string(pair[2])); to != "" {
			found[strings.TrimSuffix(string(pair[1]), "/")] = "./" + to
		}
	}
	return found
}

// readViteDependency recognises a project without a configuration by its package.json.
func (l *Layout) readViteDependency(dir string) {
	if pkg := readPackage(dir); pkg.has("vite") && exists(filepath.Join(dir, "index.html")) {
		l.is(Vite, "package.json")
		l.viteFolders(".", "package.json")
	}
}

// viteFolders are Vite's defaults below its root.
func (l *Layout) viteFolders(root, from string) {
	l.Src, l.Origin["src"] = root, from
	if root != "." {
		l.Public, l.Origin["public"] = path.Join(root, "public"), from
	}
}

// Folders that Vite's configuration names by a plain string.
var (
	viteRoot   = regexp.MustCompile(`\broot\s*:\s*['"]([^'"]+)['"]`)
	vitePublic = regexp.MustCompile(`\bpublicDir\s*:\s*['"]([^'"]+)['"]`)
	viteOut    = regexp.MustCompile(`\boutDir\s*:\s*['"]([^'"]+)['"]`)

	viteAlias     = regexp.MustCompile(`(?s)\balias\s*:\s*[{\[](.*?[}\]])`)
	viteAliasPair = regexp.MustCompile(`(?:find\s*:\s*)?['"]?([@~#$]?[\w@/$-]*)['"]?\s*(?::|,\s*replacement\s*:)\s*(?:[\w.]*\((?:new URL\()?\s*(?:__dirname\s*,\s*)?)?['"](\.{0,2}/?[\w./-]+)['"]`)

	viteEnvDir    = regexp.MustCompile(`\benvDir\s*:\s*['"]([^'"]+)['"]`)
	viteEnvPrefix = regexp.MustCompile(`\benvPrefix\s*:\s*['"]([^'"]+)['"]`)
)

// packageFile is what of a project's package.json counts here.
type packageFile struct {
	Dependencies     map[string]string `json:"dependencies"`
	DevDependencies  map[string]string `json:"devDependencies"`
	PeerDependencies map[string]string `json:"peerDependencies"`
	Scripts          map[string]string `json:"scripts"`
	Source           string            `json:"source"`
	Main             string            `json:"main"`
	Module           string            `json:"module"`
	Browser          json.RawMessage   `json:"browser"`
}

// readPackage reads the package.json in dir; without one it is empty.
func readPackage(dir string) packageFile {
	var pkg packageFile
	_ = readJSON(filepath.Join(dir, "package.json"), &pkg) // npm says what is wrong with it
	return pkg
}

// has reports whether the project asks for a package.
func (p packageFile) has(name string) bool {
	for _, list := range []map[string]string{p.Dependencies, p.DevDependencies, p.PeerDependencies} {
		if _, ok := list[name]; ok {
			return true
		}
	}
	return false
}

func readJSON(file string, into any) error {
	text, err := readSmall(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), into); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// readSmall reads a file that is looked into for hints.
func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read from
	text, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return text, nil
}

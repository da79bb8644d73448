package watch

import (
	"path/filepath"
	"strings"
)

// visible returns the paths under which a real path is reported, without the ignored
// ones.
func (t *tree) visible(path string, isDir bool) []string {
	var list []string
	for top := path; ; top = filepath.Dir(top) {
		for _, shown := range t.views[top] {
			if full, ok := t.descend(shown, strings.TrimPrefix(path[len(top):], string(filepath.Separator)), isDir); ok {
				list = append(list, full)
			}
		}
		if top == filepath.Dir(top) {
			return list
		}
	}
}

// descend joins rest to a watched path, unless something on the way is ignored.
func (t *tree) descend(shown, rest string, isDir bool) (string, bool) {
	for rest != "" {
		name, after, more := strings.Cut(rest, string(filepath.Separator))
		shown = filepath.Join(shown, name)
		if t.ignored(shown, name, more || isDir) {
			return "", false
		}
		rest = after
	}
	return shown, true
}

// unignored adds a name to each path and drops those that are ignored.
func (t *tree) unignored(shown []string, name string, isDir bool) []string {
	var list []string
	for _, s := range shown {
		if p := filepath.Join(s, name); !t.ignored(p, name, isDir) {
			list = append(list, p)
		}
	}
	return list
}

func (t *tree) ignored(path, name string, isDir bool) bool {
	return !isDir && isEditorFile(name) ||
		t.opts.Ignore != nil && t.opts.Ignore(path, isDir) ||
		t.opts.Rules != nil && t.opts.Rules.Ignore(path, isDir)
}

// isEditorFile recognises what editors, file managers and file systems keep beside the
// user's files: swap files, backups, locks, and the temporary files of atomic saves.
func isEditorFile(name string) bool {
	switch {
	case name == "4913", name == ".DS_Store", name == "Thumbs.db", name == "desktop.ini": // vim tests with 4913 whether it may write
		return true
	case strings.HasSuffix(name, "~"), strings.HasSuffix(name, "___jb_tmp___"), strings.HasSuffix(name, "___jb_old___"):
		return true
	case strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#"), strings.HasSuffix(name, ".crswap"):
		return true
	case strings.HasPrefix(name, "."):
		return isHiddenEditorFile(name)
	}
	return false
}

// isHiddenEditorFile knows those that begin with a dot: locks of Emacs and LibreOffice,
// temporary files of gedit, resource forks of macOS, files of NFS that are deleted and
// still open, swap files of vim and Kate.
func isHiddenEditorFile(name string) bool {
	for _, prefix := range []string{".#", ".goutputstream-", ".~lock.", "._", ".nfs"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	ext := filepath.Ext(name)
	vim := len(ext) == 4 && strings.HasPrefix(ext, ".sw") && ext[3] >= 'a' && ext[3] <= 'z'
	return vim || ext == ".kate-swp" || ext == ".tmp"
}

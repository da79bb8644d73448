package pipeline

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
)

// programTime bounds the evaluation of a server's program: it loads more than a gulpfile
// does, and nothing waits for all of it.
const programTime = 2 * time.Second

// nodeCommand matches the start of a program of node's in a command line.
var nodeCommand = regexp.MustCompile(`(?:^|[\s/&;|])(?:node|nodemon|node-dev|supervisor|forever(?:\s+start)?|pm2\s+start|babel-node|ts-node)((?:\s+[^\s&;|]+)+)`)

// programs returns the scripts of the project that a command line starts.
func programs(dir, line string) []string {
	var found []string
	for _, m := range nodeCommand.FindAllStringSubmatch(line, -1) {
		for _, word := range strings.Fields(m[1]) {
			if file := programFile(dir, word); file != "" {
				found = append(found, file)
				break
			}
		}
	}
	return found
}

// programFile is the file that node runs under a name, relative to the project; "" = none.
func programFile(dir, name string) string {
	if strings.HasPrefix(name, "-") || name == "" {
		return ""
	}
	for _, file := range []string{name, name + ".js", path.Join(name, "index.js")} {
		file = path.Clean(filepath.ToSlash(file))
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file)))
		if err == nil && info.Mode().IsRegular() && filepath.IsLocal(filepath.FromSlash(file)) && slices.Contains([]string{".js", ".mjs", ".cjs", ".ts"}, path.Ext(file)) {
			return file
		}
	}
	return ""
}

// readPrograms adds the folders that the project's own servers would serve. The programs
// are evaluated without effect, as gulpfiles are: they do not run.
func readPrograms(dir string, s *gulp.Serving, lines []string) {
	for _, line := range lines {
		for _, file := range programs(dir, line) {
			if plan, err := record.Script(dir, file, record.Options{Env: variables(), Time: programTime}); err == nil {
				s.Program(plan)
			}
		}
		if len(s.Roots) > 0 {
			return
		}
	}
}

// readServer looks for the page of a project whose folders' names say nothing: in what its
// own server serves, which the scripts of package.json or its entry point start, else
// further down.
func (l *Layout) readServer(dir string) {
	if l.carriedOut() || l.hasPage(dir) {
		return
	}
	if !l.served(dir) {
		l.searchPage(dir)
	}
	l.findKind(dir)
}

// served takes the folders of the project's own server; false when none has a page.
func (l *Layout) served(dir string) bool {
	lines := developmentScripts(dir)
	if entry := readPackage(dir).Main; entry != "" {
		lines = append(lines, "node "+entry)
	}
	s := gulp.Serving{Routes: map[string]string{}}
	readPrograms(dir, &s, lines)
	s.Below(resolved(dir))
	roots := localFolders(dir, s.Roots)
	i := slices.IndexFunc(roots, func(root string) bool { return exists(filepath.Join(dir, root, orDefault(s.Index, "index.html"))) })
	if i < 0 {
		return false
	}
	const from = "the server in package.json"
	l.Src, l.Origin["src"] = roots[i], from
	l.More, l.routes = slices.Delete(roots, i, i+1), s.Routes
	if s.Index != "" && s.Index != "index.html" {
		l.Index, l.Origin["index"] = s.Index, from
	}
	return true
}

// resolved is the absolute path of a folder, links followed, with slashes: the one that
// scripts of the project know.
func resolved(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	return filepath.ToSlash(abs)
}

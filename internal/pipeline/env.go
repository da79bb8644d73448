package pipeline

import (
	"bytes"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Modes of the site, as scripts see them in import.meta.env.MODE.
const (
	inDevelopment = "development"
	inProduction  = "production"
)

// envRules say which values from outside scripts may see. A name without one of the
// prefixes, a password for instance, never gets into what browsers load.
type envRules struct {
	dir      string   // of the files, relative to the project, with '/'; "" is the project
	prefixes []string // "" = only the usual ones
}

// Prefixes of names that scripts see: in import.meta.env, as Vite has it, and in
// process.env, as Create React App has it.
const (
	envPrefix   = "VITE_"
	reactPrefix = "REACT_APP_"
)

// EnvFiles are the files, relative to the project, whose values scripts see while serve
// runs. Those behind weigh more than those before.
func (l Layout) EnvFiles() []string { return l.env.files(inDevelopment) }

func (e envRules) files(mode string) []string {
	var names []string
	for _, name := range []string{".env", ".env.local", ".env." + mode, ".env." + mode + ".local"} {
		names = append(names, path.Join(e.dir, name))
	}
	return names
}

// isEnvFile reports whether a file may be one of them.
func isEnvFile(p string) bool {
	base := path.Base(p)
	return base == ".env" || strings.HasPrefix(base, ".env.")
}

// read returns the values that scripts may see. Variables of the process weigh more than
// files: that is how a build server sets them. A file with a mistake counts as empty.
func (e envRules) read(dir, mode string) (map[string]string, diag.List) {
	var text strings.Builder
	var found diag.List
	for _, name := range e.files(mode) {
		part, err := readSmall(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			continue // most projects have not got all
		}
		if _, err := godotenv.UnmarshalBytes(part); err != nil {
			found = append(found, brokenEnv(name, err))
			continue
		}
		text.Write(part)
		text.WriteByte('\n')
	}
	all, err := godotenv.Unmarshal(text.String()) // as one: a value may name one of another file
	if err != nil {
		all = map[string]string{} // each is right by itself, so that this cannot be
	}
	for _, line := range os.Environ() {
		name, value, _ := strings.Cut(line, "=")
		all[name] = value
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return !e.shows(name) })
	return all, found
}

// brokenEnv describes a file that cannot be read.
func brokenEnv(name string, err error) diag.Diagnostic {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return diag.Diagnostic{
		Severity: diag.Error, Source: "env", Path: name, Message: first,
		Hint: "each line is a comment that begins with #, or NAME=value",
	}
}

// shows reports whether scripts may see a name.
func (e envRules) shows(name string) bool {
	return slices.ContainsFunc(append([]string{envPrefix, reactPrefix}, e.prefixes...), func(prefix string) bool {
		return prefix != "" && strings.HasPrefix(name, prefix)
	})
}

// environment is what bundlers commonly define: which mode it is, where the site lies, and
// the author's own values.
func environment(mode, base string, own map[string]string) map[string]string {
	all := map[string]string{
		"process.env.NODE_ENV":   quoted(mode),
		"process.env.PUBLIC_URL": quoted(strings.TrimSuffix(base, "/")),
	}
	for name, value := range metaEnv(mode, base, own) {
		all[metaEnvName+"."+name] = quoted(value)
	}
	for name, value := range own {
		if strings.HasPrefix(name, reactPrefix) {
			all["process.env."+name] = quoted(value)
		}
	}
	return all
}

// metaEnvName is what scripts call the values of metaEnv.
const metaEnvName = "import.meta.env"

// metaEnv are the values in import.meta.env.
func metaEnv(mode, base string, own map[string]string) map[string]any {
	values := map[string]any{
		"MODE": mode, "BASE_URL": base, "SSR": false, "PROD": mode == inProduction, "DEV": mode != inProduction,
	}
	for name, value := range own {
		if !strings.HasPrefix(name, reactPrefix) {
			values[name] = value
		}
	}
	return values
}

// metaEnvUse matches a use of import.meta.env, with the name that is asked for.
var metaEnvUse = regexp.MustCompile(`\bimport\.meta\.env\b(?:\.([A-Za-z_$][\w$]*))?`)

// withUses adds to the names that are replaced what a script wants besides: a value that
// nobody has set is undefined, and the whole object is there if something asks for it. It
// is not there for everybody, because the bundler makes each CommonJS file begin with it.
func withUses(defined map[string]string, values map[string]any, src []byte) {
	if !bytes.Contains(src, []byte(metaEnvName)) {
		return
	}
	for _, m := range metaEnvUse.FindAllSubmatch(src, -1) {
		name := metaEnvName + "." + string(m[1])
		switch _, known := defined[name]; {
		case len(m[1]) == 0:
			defined[metaEnvName] = quoted(values)
		case !known:
			defined[name] = "undefined"
		}
	}
}

// envMark is a value in a page: %VITE_TITLE%.
var envMark = regexp.MustCompile(`%([A-Z][A-Z0-9_]*)%`)

// takesEnv reports whether a page is one that a bundler would have made: only there are its
// marks values.
func (t *tree) takesEnv(page []byte) bool { return len(t.entries) > 0 || moduleScript.Match(page) }

// fillEnv puts values into a page where it has their names. Any other %…% stays.
func fillEnv(page []byte, mode, base string, own map[string]string) []byte {
	if !bytes.Contains(page, []byte("%")) {
		return page
	}
	known := maps.Clone(own)
	known["MODE"], known["BASE_URL"], known["PUBLIC_URL"] = mode, base, strings.TrimSuffix(base, "/")
	return envMark.ReplaceAllFunc(page, func(found []byte) []byte {
		if value, ok := known[string(found[1:len(found)-1])]; ok {
			return []byte(value)
		}
		return found
	})
}

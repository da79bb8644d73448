package config

import (
	"cmp"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// ownPrefix begins the URL paths that belong to this program.
const ownPrefix = "/__realtimectl/"

// validator collects what is wrong with values that each look right for themselves.
type validator struct {
	c       *Config
	list    diag.List
	missing []string // files, as absolute paths
}

// MissingError says what is wrong with a configuration that names files which do not
// exist; they may come to exist. It unwraps to the list of all mistakes.
type MissingError struct {
	Files []string // absolute
	List  diag.List
}

// Error is that of the list.
func (e *MissingError) Error() string { return e.List.Error() }

// Unwrap returns the list.
func (e *MissingError) Unwrap() error { return e.List }

func (v *validator) fail(key, hint, format string, args ...any) {
	v.list = append(v.list, v.c.Diagnostic(key, fmt.Sprintf(format, args...), hint))
}

// validate returns what is wrong, in the order of the file, and the files that are missing.
func (c *Config) validate() (wrong diag.List, missing []string) {
	v := &validator{c: c}
	v.paths()
	v.serve()
	v.hub()
	v.auth()
	v.backends()
	v.tasks()
	v.patterns("watch.ignore", c.Watch.Ignore)
	v.build()
	slices.SortStableFunc(v.list, func(a, b diag.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Message, b.Message))
	})
	return v.list, v.missing
}

type folder struct{ key, dir string }

// paths refuses folders that clean would empty although they hold other things.
func (v *validator) paths() {
	p := v.c.Paths
	sources := []folder{{"paths.src", p.Src}, {"paths.public", p.Public}, {"paths.bower", p.Bower}}
	outputs := []folder{{"paths.tmp", p.Tmp}, {"paths.dist", p.Dist}}
	outside := false
	for _, f := range append(sources, outputs...) {
		if !filepath.IsLocal(filepath.FromSlash(f.dir)) {
			v.fail(f.key, "", "%q does not lie inside the project", f.dir)
			outside = true
		}
	}
	if outside {
		return
	}
	for _, out := range outputs {
		v.output(out, sources)
	}
	if len(v.list) == 0 && (holds(p.Tmp, p.Dist) || holds(p.Dist, p.Tmp)) {
		v.fail("paths.dist", "choose a folder of its own", "%q and paths.tmp (%q) overlap", p.Dist, p.Tmp)
	}
}

func (v *validator) output(out folder, sources []folder) {
	for _, src := range append([]folder{{"the project itself", "."}}, sources...) {
		if holds(out.dir, src.dir) {
			v.fail(out.key, "choose a folder of its own", "%q is emptied by `realtimectl clean`, but it holds %s", out.dir, src.key)
			return
		}
	}
}

// holds reports whether dir is sub or a folder around it.
func holds(dir, sub string) bool {
	return dir == "." || dir == sub || strings.HasPrefix(sub, dir+"/")
}

func (v *validator) serve() {
	s := v.c.Serve
	if !s.Proxy.Off && s.Proxy.Port != 0 && s.Proxy.Port == s.App.Port {
		v.fail(v.later("serve.proxy", "serve.app"), "give each a port of its own", "both listeners are to use port %d", s.App.Port)
	}
	if s.App.Off {
		v.fail("serve.app", "only serve.proxy can be false", "the app listener cannot be switched off")
	}
	if s.Host != "" && net.ParseIP(strings.Trim(s.Host, "[]")) == nil {
		v.hostName("serve.host", s.Host)
	}
	if s.Target != "" {
		v.url("serve.target", s.Target)
		if s.Proxy.Off {
			v.fail("serve.target", "leave one of the two out", "serve.proxy is false, so nothing stands in front of it")
		}
	}
	for i, host := range s.AllowedHosts {
		v.hostName(fmt.Sprintf("serve.allowed-hosts[%d]", i), host)
	}
	v.https()
	v.rules()
	if !fs.ValidPath(s.Fallback) || s.Fallback == "." {
		v.fail("serve.fallback", "", "%q is not the path of a page inside the served folders", s.Fallback)
	}
}

// later returns which of two keys the user set most deliberately, to blame that one.
func (v *validator) later(a, b string) string {
	if v.c.Given(a) && !v.c.Given(b) {
		return a
	}
	return b
}

func (v *validator) url(key, text string) {
	if _, err := webURL(text); err != nil {
		hint := ""
		if !strings.Contains(text, "://") {
			hint = "did you mean \"http://" + text + "\"?"
		}
		v.fail(key, hint, "%s", err)
	}
}

// hostPattern is a host name: labels of letters, digits and dashes; a leading dot
// or "*." takes in all names below.
const hostPattern = `^(?:\*?\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`

func (v *validator) hostName(key, name string) {
	if regexp.MustCompile(hostPattern).MatchString(name) {
		return
	}
	hint := "write the bare name, such as demo.example.com"
	if u, err := url.Parse(name); err == nil && u.Hostname() != "" {
		hint = fmt.Sprintf("did you mean %q?", u.Hostname())
	} else if host, _, err := net.SplitHostPort(name); err == nil {
		hint = fmt.Sprintf("did you mean %q?", host)
	}
	v.fail(key, hint, "%q is not a host name", name)
}

func (v *validator) hub() {
	h := v.c.Hub
	if !isURLPath(h.Path) || h.Path == "/" || strings.HasPrefix(h.Path, ownPrefix) {
		v.fail("hub.path", "the clients' default is /socket.io/", "%q is not a URL path of its own", h.Path)
	}
	for i, o := range h.Origins {
		v.origin(fmt.Sprintf("hub.origins[%d]", i), o)
	}
	for i, ns := range h.Namespaces {
		v.namespace(fmt.Sprintf("hub.namespaces[%d]", i), ns)
	}
	for _, r := range h.Relays {
		v.relay(r)
	}
}

// namespace refuses names that no client can join: in a packet a comma ends the name,
// and in a client's URL ? and # do.
func (v *validator) namespace(key, name string) {
	limit := v.c.Hub.Limits.NameLength
	switch i := strings.IndexFunc(name, func(r rune) bool { return strings.ContainsRune(",?#", r) || r <= ' ' || r == 0x7f }); {
	case !strings.HasPrefix(name, "/"):
		v.fail(key, fmt.Sprintf("did you mean %q?", "/"+name), "a namespace begins with a slash")
	case i >= 0:
		v.fail(key, "leave that character out", "no client can join %q: a name cannot hold %q", name, name[i:i+1])
	case limit > 0 && len(name) > limit:
		v.fail(key, "raise hub.limits.name-length", "no client can join a namespace whose name is longer than %d bytes", limit)
	}
}

// relay checks the parts of a rule that this package understands.
func (v *validator) relay(r Relay) {
	if r.On == "" {
		v.fail(r.Key, "add `on:` with the event's name", "the rule does not say which event it is for")
	}
	if r.Schema != "" {
		v.file(r.Key+".schema", r.Schema)
	}
	v.rate(r.Key+".rate", r.Rate)
}

func isURLPath(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.Contains(p, "//") && !strings.ContainsAny(p, "?#%\\ \t") && !strings.Contains(p+"/", "/../")
}

func (v *validator) origin(key, text string) {
	u, err := url.Parse(text)
	switch {
	case text == "*":
		v.fail(key, "list the sites, such as https://abacate.com", "any site could act for your users")
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		v.fail(key, "write scheme and host, such as https://abacate.com", "%q is not an origin", text)
	case text != u.Scheme+"://"+u.Host:
		v.fail(key, fmt.Sprintf("did you mean %q?", u.Scheme+"://"+u.Host), "%q is more than scheme, host and port", text)
	}
}

// ratePattern is a number per second, minute or hour, and how many may come at once.
const ratePattern = `^[1-9][0-9]{0,8}/(s|m|h)( burst [1-9][0-9]{0,8})?$`

func (v *validator) rate(key, text string) {
	if text != "" && !regexp.MustCompile(ratePattern).MatchString(text) {
		v.fail(key, "write it like 10/s, 100/m or 10/s burst 30", "%q is not a rate", text)
	}
}

func (v *validator) auth() {
	a := v.c.Hub.Auth
	for key, file := range map[string]string{"secret-file": a.SecretFile, "key-file": a.KeyFile, "jwks-file": a.JWKSFile} {
		if file != "" {
			v.file("hub.auth."+key, file)
		}
	}
	byToken := a.SecretFile != "" || a.SecretEnv != "" || a.KeyFile != "" || a.JWKSFile != ""
	if a.URL != "" {
		v.url("hub.auth.url", a.URL)
		if byToken {
			v.fail("hub.auth.url", "choose one of the two", "clients cannot be checked both by token and by a back-end")
		}
	}
	if a.Required && a.URL == "" && !byToken {
		v.fail("hub.auth.required", "add secret-file, secret-env, key-file, jwks-file or url", "nothing says how clients prove who they are")
	}
}

// file checks that a file the configuration names is there.
func (v *validator) file(key, name string) {
	path := v.c.Abs(name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		v.missing = append(v.missing, v.c.Abs(name))
		v.fail(key, "the path is relative to the project folder", "no such file: %s", name)
	case info.IsDir():
		v.fail(key, "", "%s is a folder, not a file", name)
	}
}

// Abs returns a path of the configuration as an absolute one.
func (c *Config) Abs(path string) string {
	local := filepath.FromSlash(path)
	if filepath.IsAbs(local) {
		return filepath.Clean(local)
	}
	return filepath.Join(c.Dir, local)
}

func (v *validator) patterns(key string, patterns []string) {
	for i, p := range patterns {
		v.pattern(fmt.Sprintf("%s[%d]", key, i), p)
	}
}

func (v *validator) pattern(key, p string) {
	if p == "" || !doublestar.ValidatePattern(p) {
		v.fail(key, "write it like src/**/*.css or *.{js,ts}", "%q is not a file pattern", p)
	}
}

func (v *validator) tasks() {
	if from := v.c.Pipeline.Config.From; from != "" {
		v.file("pipeline.config.from", from)
	}
	names := map[string]bool{}
	for i, t := range v.c.Pipeline.Tasks {
		key := fmt.Sprintf("pipeline.tasks[%d]", i)
		switch {
		case t.Name == "":
			v.fail(key, "add `name:`", "the task has no name")
		case names[t.Name]:
			v.fail(key+".name", "", "another task is called %q too", t.Name)
		}
		names[t.Name] = true
		if t.Run == "" {
			v.fail(key, "add `run:` with the command", "the task runs nothing")
		}
		v.patterns(key+".on", t.On)
	}
}

func (v *validator) build() {
	b := v.c.Build
	if b.Base != "./" && !isURLPath(b.Base) {
		v.fail("build.base", "write it like /, /app/ or ./", "%q is not a URL path", b.Base)
	}
	for pattern := range b.Budget {
		v.pattern("build.budget."+pattern, pattern)
	}
}

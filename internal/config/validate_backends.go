package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// namePattern is what a back-end may be called: it appears in messages, in file
// names and, in capitals, in the names of environment variables.
const namePattern = `^[a-z][a-z0-9-]{0,31}$`

func (v *validator) backends() {
	routes := map[string]string{}
	listener := "" // who gets what is piped into serve
	for _, b := range v.c.Backends {
		key := "backends." + b.Name
		if !regexp.MustCompile(namePattern).MatchString(b.Name) {
			v.fail(key, "use small letters, digits and dashes", "%q is no name for a back-end", b.Name)
		}
		v.kind(key, b)
		v.route(key, b, routes)
		v.command(key, b)
		v.store(key, b)
		if b.Stdin && listener != "" {
			v.fail(key+".stdin", "keep one of them", "backends.%s gets the input already", listener)
		} else if b.Stdin {
			listener = b.Name
		}
	}
	v.cycles()
}

// kind checks that exactly one of run, url and store is there.
func (v *validator) kind(key string, b Backend) {
	var given []string
	for _, k := range []struct{ name, value string }{{"run", b.Run}, {"url", b.URL}, {"store", b.Store}} {
		if k.value != "" {
			given = append(given, k.name)
		}
	}
	switch len(given) {
	case 0:
		v.fail(key, "add run: COMMAND, url: URL or store: FILE", "it does not say what it is")
	case 1:
	default:
		v.fail(key, "keep one of them", "it has %s", strings.Join(given, " and "))
	}
	if b.URL != "" {
		v.url(key+".url", b.URL)
	}
}

// route checks how requests reach it, and that no other back-end has the same way.
func (v *validator) route(key string, b Backend, taken map[string]string) {
	if b.Store != "" && b.Path == "" {
		v.fail(key, "add `path: /api`", "the store has no path under which it answers")
	}
	if b.Path != "" {
		v.mount(key+".path", b.Path)
	}
	if b.Host != "" {
		v.hostName(key+".host", b.Host)
	}
	if b.Path == "" && b.Host == "" {
		return // a worker that answers no requests
	}
	way := strings.ToLower(b.Host) + strings.TrimSuffix(b.Path, "/")
	if other, ok := taken[way]; ok {
		v.fail(key, "give each a path or host of its own", "requests for %q already go to %s", way, other)
	}
	taken[way] = b.Name
}

func (v *validator) mount(key, path string) {
	slashed := strings.TrimSuffix(path, "/") + "/"
	switch {
	case !strings.HasPrefix(path, "/"):
		v.fail(key, fmt.Sprintf("did you mean %q?", "/"+path), "a path begins with a slash")
	case !isURLPath(path):
		v.fail(key, "", "%q is not a URL path", path)
	case strings.HasPrefix(slashed, ownPrefix):
		v.fail(key, "", "%s is for realtimectl itself", ownPrefix)
	case strings.HasPrefix(slashed, v.c.Hub.Path):
		v.fail(key, "choose another path, or move hub.path", "%s belongs to the hub", v.c.Hub.Path)
	}
}

// command checks what belongs to a command that is run.
func (v *validator) command(key string, b Backend) {
	if b.Dir != "" && !isDirectory(v.c.Abs(b.Dir)) {
		v.fail(key+".dir", "the path is relative to the project folder", "no such folder: %s", b.Dir)
	}
	for i, name := range b.Depends {
		if !slices.ContainsFunc(v.c.Backends, func(o Backend) bool { return o.Name == name }) {
			v.fail(fmt.Sprintf("%s.depends[%d]", key, i), "", "there is no back-end %q", name)
		}
	}
	v.patterns(key+".watch", b.Watch)
	v.health(key+".health", b.Health)
	if b.Run != "" {
		return
	}
	for _, name := range []string{"dir", "port", "env", "env-file", "depends", "timeout", "watch", "restart", "log", "stdin"} {
		if v.c.Given(key + "." + name) {
			v.fail(key+"."+name, "remove it, or add run: COMMAND", "it is only for a command that is run")
		}
	}
	switch {
	case b.Store != "" && b.Health != "":
		v.fail(key+".health", "remove it", "the built-in store is always up")
	case strings.HasPrefix(b.Health, "log:"):
		v.fail(key+".health", "write a path such as /up, or tcp", "what others run prints elsewhere")
	}
}

func (v *validator) health(key, text string) {
	pattern, isLog := strings.CutPrefix(text, "log:")
	switch {
	case text == "" || text == "tcp" || strings.HasPrefix(text, "/"):
	case isLog:
		if _, err := regexp.Compile(pattern); err != nil {
			v.fail(key, "", "%s is not a regular expression: %s", strconv.Quote(pattern), err)
		}
	default:
		v.fail(key, "write a path such as /up, tcp, or log:PATTERN", "%q is no health check", text)
	}
}

// storeActions are what a store can raise an event for.
const storeActions = "create update delete"

func (v *validator) store(key string, b Backend) {
	if b.Store == "" {
		for _, name := range []string{"emit", "schemas"} {
			if v.c.Given(key + "." + name) {
				v.fail(key+"."+name, "remove it, or use store: FILE", "it is only for a store")
			}
		}
		return
	}
	for action := range b.Emit {
		if !slices.Contains(strings.Fields(storeActions), action) {
			v.fail(key+".emit."+action, "the actions are create, update and delete", "%q is no action of a store", action)
		}
	}
	for collection, file := range b.Schemas {
		v.file(key+".schemas."+collection, file)
	}
}

// cycles refuses back-ends that wait for each other.
func (v *validator) cycles() {
	depends := map[string][]string{}
	for _, b := range v.c.Backends {
		depends[b.Name] = b.Depends
	}
	for _, b := range v.c.Backends {
		if path := cycle(depends, b.Name, nil); path != nil {
			v.fail("backends."+b.Name+".depends", "", "they wait for each other: %s", strings.Join(path, " → "))
			return
		}
	}
}

// cycle returns the names from one back-end round to itself, or nil.
func cycle(depends map[string][]string, name string, path []string) []string {
	if i := slices.Index(path, name); i >= 0 {
		return append(path[i:], name)
	}
	for _, next := range depends[name] {
		if found := cycle(depends, next, append(slices.Clone(path), name)); found != nil {
			return found
		}
	}
	return nil
}

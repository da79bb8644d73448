package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/nearest"
)

// FileName is the configuration file that is looked for in the project folder.
const FileName = "realtimectl.yaml"

// OtherFileName is read where there is no FileName.
const OtherFileName = "realtimectl.yml"

// Options say what to load.
type Options struct {
	Dir  string // project folder; "" is the current one
	File string // configuration file; "" takes FileName in Dir, if there is one
	// NoFile leaves the configuration file out, even if there is one.
	NoFile bool
	// Environ holds "NAME=value" entries, as os.Environ returns them.
	Environ []string
	// Flags are the names of the REALTIMECTL_ variables that belong to flags and not
	// to keys, so that they are not taken for slips.
	Flags []string
	// Detect looks at the files of the project folder; nil finds nothing.
	Detect func(dir string) Shape
	// Overrides win over everything else, a later one over an earlier one.
	Overrides []Override
}

// Override sets one key from outside the file.
type Override struct {
	// Key is a key's path. "serve.proxy.port" and "serve.app.port" set the port alone.
	Key  string
	Text string // the value in its text form
	From string // what the user wrote, to name it in messages: "--proxy-port"
}

// Load reads and checks the configuration of a project. The error, if any, is a
// [diag.List] of everything that is wrong, or a [*MissingError] around it; the Config is
// nil then.
func Load(o Options) (*Config, error) {
	c := &Config{sources: newSources()}
	applyDefaults(reflect.ValueOf(c).Elem())
	if err := c.findDir(o.Dir); err != nil {
		return nil, err
	}
	if o.Detect != nil {
		c.take(o.Detect(c.Dir))
	}
	if !o.NoFile {
		if err := c.readFile(o.File); err != nil {
			return nil, err
		}
	}
	var wrong diag.List
	var missing []string
	wrong = append(wrong, c.readEnviron(o.Environ, o.Flags)...)
	wrong = append(wrong, c.override(o.Overrides)...)
	if len(wrong) == 0 {
		c.settle()
		wrong, missing = c.validate()
	}
	switch {
	case len(missing) > 0:
		return nil, &MissingError{Files: missing, List: wrong}
	case wrong.Err() != nil:
		return nil, wrong
	}
	return c, nil
}

func (c *Config) findDir(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("project folder %q: %w", dir, err)
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return diag.List{{Source: source, Message: "no such folder: " + or(dir, "."), Hint: "`realtimectl init " + dir + "` makes a project there"}}
	case err != nil:
		return diag.List{{Source: source, Message: err.Error()}}
	case !info.IsDir():
		return diag.List{{Source: source, Message: dir + " is a file, not a folder"}}
	}
	c.Dir = abs
	return nil
}

// source is the name under which this package's diagnostics go.
const source = "config"

// readFile finds and reads the configuration file.
func (c *Config) readFile(name string) error {
	path, err := c.findFile(name)
	if err != nil || path == "" {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return diag.List{{Source: source, Message: "cannot read the configuration: " + err.Error()}}
	}
	c.File = path
	c.sources.file, c.sources.text = c.shown(path), text
	return c.parse(text)
}

func (c *Config) findFile(name string) (string, error) {
	if name != "" {
		path, err := filepath.Abs(name)
		if err != nil {
			return "", fmt.Errorf("configuration file %q: %w", name, err)
		}
		if !isFile(path) {
			return "", diag.List{{Source: source, Message: "no such configuration file: " + name, Hint: "leave --config out to take " + FileName + " of the project, if it has one"}}
		}
		return path, nil
	}
	first, other := filepath.Join(c.Dir, FileName), filepath.Join(c.Dir, OtherFileName)
	switch {
	case isFile(first) && isFile(other):
		c.warn("", fmt.Sprintf("both %s and %s exist; %s is not read", FileName, OtherFileName, OtherFileName), "remove one of them")
		return first, nil
	case isFile(first):
		return first, nil
	case isFile(other):
		return other, nil
	}
	return "", nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// shown is how messages name a file: relative to the project where it lies inside.
func (c *Config) shown(path string) string {
	rel, err := filepath.Rel(c.Dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// parse fills the configuration from the text of the file.
func (c *Config) parse(text []byte) error {
	root, err := parseYAML(text)
	var m *mistake
	if errors.As(err, &m) {
		return diag.List{c.sources.located(m)}
	}
	if err != nil {
		return fmt.Errorf("parse %s: %w", c.sources.file, err)
	}
	if root == nil {
		return nil
	}
	d := decoder{positions: c.sources.positions}
	d.section("", root, reflect.ValueOf(c).Elem())
	if len(d.mistakes) == 0 {
		return nil
	}
	list := make(diag.List, len(d.mistakes))
	for i, m := range d.mistakes {
		list[i] = c.sources.located(m)
	}
	return list
}

// readEnviron applies NODE_ENV and the variables of keys.
func (c *Config) readEnviron(environ, flags []string) diag.List {
	vars := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		vars[name] = value
	}
	c.readNodeEnv(vars["NODE_ENV"])
	var wrong diag.List
	known := slices.Clone(flags)
	for _, k := range Keys() {
		if k.Env == "" {
			continue
		}
		known = append(known, k.Env)
		if text := vars[k.Env]; text != "" {
			wrong = append(wrong, c.set(k.Path, text, Origin{FromEnvironment, k.Env})...)
		}
	}
	c.warnUnknown(vars, known)
	return wrong
}

// readNodeEnv takes the mode from NODE_ENV, unless the file names one. Other values
// than the two modes ("test", "staging") mean something to other tools only.
func (c *Config) readNodeEnv(value string) {
	if _, given := c.sources.positions["serve.mode"]; given || (value != Development && value != Production) {
		return
	}
	c.Serve.Mode = value
	c.sources.origins["serve.mode"] = Origin{FromEnvironment, "NODE_ENV"}
}

func (c *Config) warnUnknown(vars map[string]string, known []string) {
	var slips []string
	for name := range vars {
		if vars[name] != "" && strings.HasPrefix(name, EnvPrefix) && !slices.Contains(known, name) {
			slips = append(slips, name)
		}
	}
	slices.Sort(slips)
	for _, name := range slips {
		hint := "`realtimectl help environment` lists the variables"
		if near := nearest.To(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		c.warn("", "the environment variable "+name+" means nothing to this program", hint)
	}
}

func (c *Config) override(list []Override) diag.List {
	var wrong diag.List
	for _, o := range list {
		kind := FromFlag
		if strings.HasPrefix(o.From, EnvPrefix) {
			kind = FromEnvironment
		}
		wrong = append(wrong, c.set(o.Key, o.Text, Origin{kind, o.From})...)
	}
	return wrong
}

// set gives a key a value from outside the file.
func (c *Config) set(path, text string, from Origin) diag.List {
	if base, ok := strings.CutSuffix(path, ".port"); ok {
		path, text = base, c.withPort(base, text)
	}
	keys := Keys()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Path == path })
	if i < 0 {
		return diag.List{{Source: source, Message: fmt.Sprintf("%s: there is no key %q", from.Where, path)}}
	}
	root := reflect.ValueOf(c).Elem()
	err := setText(root.FieldByIndex(keys[i].index), root.Type().FieldByIndex(keys[i].index), text)
	if err == nil {
		c.sources.origins[path] = from
		return nil
	}
	d := diag.Diagnostic{Source: source, Message: fmt.Sprintf("%s: %s", from.Where, strings.TrimPrefix(err.Error(), "read: "))}
	var bad *enumError
	if errors.As(err, &bad) {
		if near := nearest.To(bad.text, bad.allowed); near != "" {
			d.Hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return diag.List{d}
}

// withPort returns the text form of an address with another port.
func (c *Config) withPort(path, port string) string {
	host := c.Serve.App.Host
	if path == "serve.proxy" {
		host = c.Serve.Proxy.Host
	}
	return or(host, defaultHost) + ":" + port
}

// settle derives what depends on several keys.
func (c *Config) settle() {
	if host := c.Serve.Host; host != "" {
		c.Serve.Proxy.Host, c.Serve.App.Host = host, host
	}
	if c.Serve.Cert != "" && !c.Given("serve.https") {
		c.Serve.HTTPS = true
		c.sources.origins["serve.https"] = c.Origin("serve.cert")
	}
	if !strings.HasSuffix(c.Hub.Path, "/") {
		c.Hub.Path += "/"
	}
	for i := range c.Backends {
		if c.Backends[i].Run == "" { // nothing is started, so nothing is waited for or started again
			c.Backends[i].Restart, c.Backends[i].Timeout = "", 0
		}
	}
	for _, p := range []*string{&c.Paths.Src, &c.Paths.Tmp, &c.Paths.Dist, &c.Paths.Public, &c.Paths.Bower} {
		*p = filepath.ToSlash(filepath.Clean(*p))
	}
}

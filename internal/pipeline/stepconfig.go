package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
)

// Settings makes an AngularJS module of a JSON file: what gulp-ng-config does.
type Settings struct {
	Module string // the module's name; required
	From   string // the JSON file, relative to the project; required
	// Environment names objects inside the file, "production" or "env.production", that
	// are merged, the later over the earlier; none = the whole file.
	Environment []string
	Constants   map[string]json.RawMessage // over what the file says
	Keys        []string                   // only these; none = all
	Existing    bool                       // add to a module that exists
	Values      bool                       // .value instead of .constant
	Wrap        bool                       // put the whole into a function
	Pretty      int                        // spaces of indentation; 0 = none
}

// configStep writes the settings' script under the name of their file.
type configStep struct {
	settings Settings
}

// Name returns "config".
func (s *configStep) Name() string { return "config" }

// Concerns is true for the one file.
func (s *configStep) Concerns(p string) bool {
	return p == path.Clean(filepath.ToSlash(s.settings.From))
}

// Run makes the script.
func (s *configStep) Run(_ context.Context, w *Work) error {
	file := absIn(w.tree.dir, s.settings.From)
	src, err := w.Read(file)
	if err != nil {
		w.Report(diag.Diagnostic{
			Severity: diag.Error, Source: s.Name(), Path: s.settings.From, Message: "the settings cannot be read: " + err.Error(),
			Hint: "pipeline.config.from names the file",
		})
		return nil
	}
	list, err := s.settings.pick(src)
	if err == nil {
		var out []byte
		out, err = angular.Config(list, angular.ConfigOptions{
			Module: s.settings.Module, Existing: s.settings.Existing, Values: s.settings.Values,
			Wrap: s.settings.Wrap, Pretty: s.settings.Pretty,
		})
		w.Emit(stem(file)+".js", out)
	}
	if err != nil {
		w.Report(diag.Diagnostic{Severity: diag.Error, Source: s.Name(), Path: s.settings.From, Message: err.Error()})
	}
	return nil
}

// stem returns a file's name without folder and extension.
func stem(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// pick returns the settings that the options ask for, in the file's order.
func (s Settings) pick(src []byte) ([]angular.Setting, error) {
	all, err := members(src)
	if err != nil {
		return nil, fmt.Errorf("the settings are no JSON object: %w", err)
	}
	list := all
	if len(s.Environment) > 0 {
		list = nil
	}
	for _, env := range s.Environment {
		part, err := lookup(src, env)
		if err != nil {
			return nil, err
		}
		list = merge(list, part)
	}
	var extra []angular.Setting
	for name, value := range s.Constants {
		extra = append(extra, angular.Setting{Name: name, Value: value})
	}
	slices.SortFunc(extra, func(a, b angular.Setting) int { return strings.Compare(a.Name, b.Name) })
	list = merge(list, extra)
	if len(s.Keys) > 0 {
		list = slices.DeleteFunc(list, func(e angular.Setting) bool { return !slices.Contains(s.Keys, e.Name) })
	}
	return list, nil
}

// lookup follows a path such as "env.production" into the file.
func lookup(src []byte, at string) ([]angular.Setting, error) {
	for part := range strings.SplitSeq(at, ".") {
		list, err := members(src)
		if err != nil {
			return nil, fmt.Errorf("the settings have no environment %s: %w", at, err)
		}
		i := slices.IndexFunc(list, func(e angular.Setting) bool { return e.Name == part })
		if i < 0 {
			return nil, fmt.Errorf("the settings have no environment %s", at)
		}
		src = list[i].Value
	}
	return members(src)
}

// members returns the members of a JSON object in their order.
func members(src []byte) ([]angular.Setting, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if tok != json.Delim('{') {
		return nil, fmt.Errorf("it begins with %v", tok)
	}
	var list []angular.Setting
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		entry := angular.Setting{Name: fmt.Sprint(key)}
		if err := dec.Decode(&entry.Value); err != nil {
			return nil, err
		}
		list = merge(list, []angular.Setting{entry})
	}
	return list, nil
}

// merge replaces what has the same name and adds the rest.
func merge(list, over []angular.Setting) []angular.Setting {
	out := slices.Clone(list)
	for _, o := range over {
		if i := slices.IndexFunc(out, func(e angular.Setting) bool { return e.Name == o.Name }); i >= 0 {
			out[i] = o
			continue
		}
		out = append(out, o)
	}
	return out
}

package angular

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Setting is one constant or value; Value is JSON.
type Setting struct {
	Name  string
	Value json.RawMessage
}

// ConfigOptions are those of gulp-ng-config that its users set.
type ConfigOptions struct {
	Module   string // the module's name
	Existing bool   // add to a module that exists (createModule: false)
	Values   bool   // .value instead of .constant (type: "value")
}

// ConfigScript returns the script that gives an application its settings, as gulp-ng-config
// 1 writes it. Settings keep their order, and values are written as they are given.
func ConfigScript(settings []Setting, opts ConfigOptions) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "angular.module(\"%s\"", opts.Module)
	if !opts.Existing {
		b.WriteString(", []")
	}
	b.WriteString(")")
	kind := "constant"
	if opts.Values {
		kind = "value"
	}
	for _, s := range settings {
		fmt.Fprintf(&b, "\n.%s(\"%s\", %s)", kind, s.Name, s.Value)
	}
	b.WriteString(";\n")
	return []byte(b.String())
}

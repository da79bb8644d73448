package config

import (
	"fmt"
	"reflect"
)

// SchemaFile is where the schema of [Schema] lies in a project, relative to it. The
// folder is this program's own and no part of the project: serve keeps the file equal to
// the program that runs, so that an editor never goes by the rules of another version,
// and needs no network.
const SchemaFile = ".realtimectl/schema.json"

// SchemaLine is the first line of a configuration file: editors with yaml-language-server
// (VS Code, Neovim, JetBrains) read the schema it names, relative to the file.
const SchemaLine = "# yaml-language-server: $schema=" + SchemaFile

// Draft returns a configuration file that holds what the project itself says, each value
// with the place that says so, and nothing else: what is written here would no longer
// follow the project.
func (c *Config) Draft() string {
	p := printer{config: c, origin: true, only: func(key string) bool { return c.Origin(key).Kind == FromProject }}
	p.section(reflect.ValueOf(c).Elem(), "", 0)
	found := p.out.String()
	if found != "" {
		found = "\n" + found
	}
	return SchemaLine + "\n" + c.preface() + found + relaysToWrite
}

// preface says what the file is.
func (c *Config) preface() string {
	shape := ""
	if c.Shape.Name != "" {
		shape = fmt.Sprintf(" (%s: %s)", c.Shape.Name, c.Shape.From)
	}
	return fmt.Sprintf(`# What "realtimectl serve" and "realtimectl build" do in this project%s.
# Each value says where it was found; what is not written has its default.
# "realtimectl config print --origin" shows everything that is in force.
`, shape)
}

// relaysToWrite is a comment and not a rule: what browsers may say to each other in
// production is for people to decide.
const relaysToWrite = `
# Which event of a browser becomes which, and who hears it. Development relays this one
# as long as there is none; production relays only what is written.
# hub:
#   relays:
#     - { on: "client:**", emit: "server:$1", to: all }
`

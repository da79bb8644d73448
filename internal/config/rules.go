package config

import "time"

// HeaderRule is one entry of serve.headers.
type HeaderRule struct {
	Key string `yaml:"-"` // "serve.headers[2]", for messages

	Path   string            `yaml:"path" doc:"Answers to these paths: * is one segment, ** the rest, as in /api/**; left out, all."`
	Set    map[string]string `yaml:"set" doc:"Headers that the answer gets, whatever it had."`
	Remove []string          `yaml:"remove" doc:"Headers that the answer loses."`
}

// RewriteRule is one entry of serve.rewrite.
type RewriteRule struct {
	Key string `yaml:"-"`

	From string `yaml:"from" doc:"Requests for these paths: * is one segment, ** the rest, as in /old/**."`
	To   string `yaml:"to" doc:"Path that is answered instead; $1 is what the first star matched. The browser's address stays."`
}

// ReplaceRule is one entry of serve.replace.
type ReplaceRule struct {
	Key string `yaml:"-"`

	Path  string   `yaml:"path" doc:"Answers to these paths: * is one segment, ** the rest; left out, all."`
	Find  string   `yaml:"find" doc:"Text that is looked for, letter by letter."`
	With  string   `yaml:"with" doc:"Text that takes its place; left out, it is removed."`
	Types []string `yaml:"types" doc:"Media types to look into; left out: HTML, CSS, JavaScript, JSON and plain text."`
}

// CORSRule is one entry of serve.cors.
type CORSRule struct {
	Key string `yaml:"-"`

	Path        string        `yaml:"path" doc:"Paths that are opened: * is one segment, ** the rest, as in /api/**; left out, all."`
	Origins     []string      `yaml:"origins" doc:"Sites whose pages may read the answers, such as https://abacate.com; [ \"*\" ] is every site."`
	Methods     []string      `yaml:"methods" doc:"Methods they may use; left out, any."`
	Headers     []string      `yaml:"headers" doc:"Request headers they may send; left out, any."`
	Expose      []string      `yaml:"expose" doc:"Answer headers they may read beside the simple ones."`
	Credentials bool          `yaml:"credentials" doc:"Let cookies along; not with [ \"*\" ]."`
	MaxAge      time.Duration `yaml:"max-age" doc:"How long a browser remembers the permission."`
}

// BasicAuth is serve.basic-auth; it is off without users.
type BasicAuth struct {
	UsersFile string `yaml:"users-file" doc:"File with one name:password a line; # begins a comment. A change counts at once."`
	UsersEnv  string `yaml:"users-env" doc:"Environment variable with the same lines."`
	Realm     string `yaml:"realm" doc:"What the browser says the password is for; left out, the project's name."`
}

// On reports whether anybody is asked for a password.
func (b BasicAuth) On() bool { return b.UsersFile != "" || b.UsersEnv != "" }

// NoNetwork is the value of serve.slow that slows nothing.
const NoNetwork = "none"

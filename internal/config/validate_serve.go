package config

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// https checks that certificate and key come together, and that production does not
// rely on an authority that nobody else trusts.
func (v *validator) https() {
	s := v.c.Serve
	switch {
	case s.Cert != "" && s.Key == "":
		v.fail("serve.cert", "add serve.key with the file of its key", "the certificate comes without its key")
	case s.Key != "" && s.Cert == "":
		v.fail("serve.key", "add serve.cert with the file of the certificate", "the key comes without its certificate")
	case s.Cert != "":
		v.file("serve.cert", s.Cert)
		v.file("serve.key", s.Key)
	case s.HTTPS && s.Mode == Production:
		v.fail("serve.https", "add serve.cert and serve.key, or leave https to the web server in front (false, or --https=false)",
			"production needs a certificate that visitors trust")
	}
}

// rules checks what belongs to the answers; patterns of paths are left to the part that
// applies them.
func (v *validator) rules() {
	s := v.c.Serve
	for _, r := range s.Headers {
		v.headerRule(r)
	}
	for _, r := range s.Rewrite {
		v.given(r.Key, "from", r.From)
		v.given(r.Key, "to", r.To)
	}
	for _, r := range s.Replace {
		v.given(r.Key, "find", r.Find)
	}
	for _, r := range s.CORS {
		v.cors(r)
	}
	v.mounts(s.Mounts)
	v.basicAuth(s.BasicAuth)
	if s.Slow != NoNetwork && s.Mode == Production {
		v.c.warn("serve.slow", "production is as fast as it can", "it is for development")
	}
}

func (v *validator) given(rule, key, text string) {
	if text == "" {
		v.fail(rule, "add `"+key+":`", "the rule has no %s", key)
	}
}

func (v *validator) headerRule(r HeaderRule) {
	if len(r.Set)+len(r.Remove) == 0 {
		v.fail(r.Key, "add `set:` or `remove:`", "the rule changes nothing")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Set)) {
		v.headerName(r.Key+".set."+name, name)
		if strings.ContainsAny(r.Set[name], "\r\n\x00") {
			v.fail(r.Key+".set."+name, "write it on one line", "a header is one line")
		}
	}
	for i, name := range r.Remove {
		v.headerName(fmt.Sprintf("%s.remove[%d]", r.Key, i), name)
	}
}

// tokenPattern is a header name (RFC 9110 section 5.6.2).
const tokenPattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"

// headerName refuses what is no name, and those by which the connection itself works.
func (v *validator) headerName(key, name string) {
	if !regexp.MustCompile(tokenPattern).MatchString(name) {
		v.fail(key, "write it like X-Frame-Options", "%q is not the name of a header", name)
	}
	switch strings.ToLower(name) {
	case "connection", "content-length", "transfer-encoding", "upgrade", "trailer", "keep-alive":
		v.fail(key, "leave it out", "%s belongs to the connection", name)
	}
}

func (v *validator) cors(r CORSRule) {
	if len(r.Origins) == 0 {
		v.fail(r.Key, "add `origins: [ \"https://abacate.com\" ]`", "the rule opens the paths to nobody")
	}
	every := slices.Contains(r.Origins, "*")
	switch {
	case every && r.Credentials:
		v.fail(r.Key+".credentials", "name the sites in origins", "with cookies any site could act for your users")
		return
	case every && len(r.Origins) > 1:
		v.fail(r.Key+".origins", "keep \"*\" alone, or name the sites", "\"*\" stands for all the others")
		return
	case every:
		return
	}
	for i, o := range r.Origins {
		v.origin(fmt.Sprintf("%s.origins[%d]", r.Key, i), o)
	}
}

// mounts checks the extra folders. One that is missing may be made by a task later.
func (v *validator) mounts(folders map[string]string) {
	for _, path := range slices.Sorted(maps.Keys(folders)) {
		key, dir := "serve.mounts."+path, folders[path]
		v.mount(key, path)
		for _, b := range v.c.Backends {
			if b.Path != "" && b.Host == "" && strings.TrimSuffix(b.Path, "/") == strings.TrimSuffix(path, "/") {
				v.fail(key, "give each a path of its own", "requests for %q already go to backends.%s", path, b.Name)
			}
		}
		info, err := os.Stat(v.c.Abs(dir))
		switch {
		case dir == "":
			v.fail(key, "write it like "+path+": ../shared", "no folder is named")
		case err != nil:
			v.c.warn(key, "no such folder: "+dir, "the path is relative to the project folder")
		case !info.IsDir():
			v.fail(key, "name its folder", "%s is a file, not a folder", dir)
		}
	}
}

// basicAuth refuses a section that looks like a lock and is none.
func (v *validator) basicAuth(b BasicAuth) {
	if b.UsersFile != "" {
		v.file("serve.basic-auth.users-file", b.UsersFile)
	}
	if !b.On() && b.Realm != "" {
		v.fail("serve.basic-auth.realm", "add users-file or users-env", "nobody is asked for a password: there are no users")
	}
}

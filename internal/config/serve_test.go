package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

func TestACertificateSwitchesHTTPSOnUnlessTheUserSaysNo(t *testing.T) {
	files := func(serve string) map[string]string {
		return map[string]string{FileName: "serve: { cert: cert.pem, key: key.pem" + serve + " }", "cert.pem": "", "key.pem": ""}
	}
	on := load(t, Options{Dir: project(t, files(""))})
	if !on.Serve.HTTPS || on.Origin("serve.https").String() != FileName+":1" {
		t.Errorf("https %v from %s, want true from the certificate's line", on.Serve.HTTPS, on.Origin("serve.https"))
	}
	if off := load(t, Options{Dir: project(t, files(", https: false"))}); off.Serve.HTTPS {
		t.Error("https is on although the file says false")
	}
	flag := load(t, Options{Dir: project(t, files("")), Overrides: []Override{{Key: "serve.https", Text: "false", From: "--https"}}})
	if flag.Serve.HTTPS {
		t.Error("https is on although the flag says false")
	}
}

func TestMistakesInServe(t *testing.T) {
	tests := []struct{ name, text, want, hint string }{
		{"certificate alone", "serve: { cert: a.pem }", `1:16: serve.cert: the certificate comes without its key`, "add serve.key with the file of its key"},
		{"key alone", "serve: { key: a.pem }", `1:15: serve.key: the key comes without its certificate`, "add serve.cert with the file of the certificate"},
		{"no such certificate", "serve: { cert: a.pem, key: b.pem }", `1:16: serve.cert: no such file: a.pem`, "the path is relative to the project folder"},
		{
			"production by our authority", "serve: { https: true, mode: production }", `1:17: serve.https: production needs a certificate that visitors trust`,
			"add serve.cert and serve.key, or leave https to the web server in front (false, or --https=false)",
		},
		{"slip in a network", "serve: { slow: 3gg }", `1:16: serve.slow: "3gg" is not one of none, 2g, slow-3g, 3g, fast-3g, dsl, cable, 4g`, `did you mean "3g"?`},
		{"slip in a key", "serve: { basic-auth: { user-file: u } }", `1:24: unknown key "user-file" in serve.basic-auth`, `did you mean "users-file"?`},
		{"slip in a rule", "serve: { cors: [ { origin: [ a ] } ] }", `1:20: unknown key "origin" in serve.cors[0]`, `did you mean "origins"?`},
		{"rule that changes nothing", "serve: { headers: [ { path: /a } ] }", `1:21: serve.headers[0]: the rule changes nothing`, "add `set:` or `remove:`"},
		{"no header", "serve: { headers: [ { set: { \"X Frame\": a } } ] }", `1:41: serve.headers[0].set.X Frame: "X Frame" is not the name of a header`, "write it like X-Frame-Options"},
		{"header of the connection", "serve: { headers: [ { remove: [ Content-Length ] } ] }", `1:33: serve.headers[0].remove[0]: Content-Length belongs to the connection`, "leave it out"},
		{"header of two lines", "serve: { headers: [ { set: { A: \"b\\r\\nc\" } } ] }", `1:33: serve.headers[0].set.A: a header is one line`, "write it on one line"},
		{"rewrite to nowhere", "serve: { rewrite: [ { from: /a } ] }", `1:21: serve.rewrite[0]: the rule has no to`, "add `to:`"},
		{"nothing to find", "serve: { replace: [ { with: b } ] }", `1:21: serve.replace[0]: the rule has no find`, "add `find:`"},
		{"cors for nobody", "serve: { cors: [ { path: /a } ] }", `1:18: serve.cors[0]: the rule opens the paths to nobody`, "add `origins: [ \"https://abacate.com\" ]`"},
		{"cookies for every site", "serve: { cors: [ { origins: [ \"*\" ], credentials: true } ] }", `1:51: serve.cors[0].credentials: with cookies any site could act for your users`, "name the sites in origins"},
		{"star and names", "serve: { cors: [ { origins: [ \"*\", \"https://a.test\" ] } ] }", `1:20: serve.cors[0].origins: "*" stands for all the others`, "keep \"*\" alone, or name the sites"},
		{"origin with path", "serve: { cors: [ { origins: [ \"https://a.test/\" ] } ] }", `1:31: serve.cors[0].origins[0]: "https://a.test/" is more than scheme, host and port`, `did you mean "https://a.test"?`},
		{"mount of the hub", "serve: { mounts: { /socket.io: src } }", `1:32: serve.mounts./socket.io: /socket.io/ belongs to the hub`, "choose another path, or move hub.path"},
		{"mount of a file", "serve: { mounts: { /data: data.json } }", `1:27: serve.mounts./data: data.json is a file, not a folder`, "name its folder"},
		{"mount of a back-end", "serve: { mounts: { /api: src } }\nbackends: { api: { store: d.json, path: /api } }", `1:26: serve.mounts./api: requests for "/api" already go to backends.api`, "give each a path of its own"},
		{"no such users", "serve: { basic-auth: { users-file: u } }", `1:36: serve.basic-auth.users-file: no such file: u`, "the path is relative to the project folder"},
		{"a lock without key", "serve: { basic-auth: { realm: x } }", `1:31: serve.basic-auth.realm: nobody is asked for a password: there are no users`, "add users-file or users-env"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := mistakes(t, tt.text)
			if diff := cmp.Diff([]string{tt.want, tt.hint}, shown(list[0])); diff != "" {
				t.Errorf("message and hint (-want +got):\n%s", diff)
			}
		})
	}
}

// shown is the place and message of a mistake, and its hint.
func shown(d diag.Diagnostic) []string {
	return []string{diag.List{d}.Error()[len(FileName)+1:], d.Hint}
}

func TestWhatMayBeMeantIsOnlyAWarning(t *testing.T) {
	tests := []struct{ text, want string }{
		{"serve: { mounts: { /docs: made-later } }", `1:27: serve.mounts./docs: no such folder: made-later`},
		{"serve: { mode: production, slow: 3g }", `1:34: serve.slow: production is as fast as it can`},
	}
	for _, tt := range tests {
		c := load(t, Options{Dir: project(t, map[string]string{FileName: tt.text})})
		if len(c.Warnings) != 1 || shown(c.Warnings[0])[0] != tt.want || c.Warnings[0].Severity != diag.Warning {
			t.Errorf("%s: warnings %v, want %q", tt.text, c.Warnings, tt.want)
		}
	}
}

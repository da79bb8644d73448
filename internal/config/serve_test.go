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

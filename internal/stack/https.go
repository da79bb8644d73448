package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/realtimectl/realtimectl/internal/devcert"
	"github.com/realtimectl/realtimectl/internal/diag"
)

// addHTTPS loads the certificate that the configuration names, or the authority in dir
// that makes one for each name the browser asks for.
func (p *parts) addHTTPS(dir string) func(context.Context) error {
	return func(context.Context) error {
		if !p.cfg.Serve.HTTPS {
			return nil
		}
		if p.cfg.Serve.Cert == "" {
			return p.signOurselves(dir)
		}
		cert, key := p.cfg.Abs(p.cfg.Serve.Cert), p.cfg.Abs(p.cfg.Serve.Key)
		config, err := devcert.Files(cert, key)
		if err != nil {
			return diag.List{p.cfg.Diagnostic("serve.cert", err.Error(), "it needs a certificate and its own key, both in PEM")}
		}
		p.tls, p.certificate = config, cert
		return nil
	}
}

// signOurselves serves certificates of the authority in dir.
func (p *parts) signOurselves(dir string) error {
	if dir == "" {
		var err error
		if dir, err = devcert.DefaultDir(); err != nil {
			return fmt.Errorf("serve.https: %w", err)
		}
	}
	authority, err := devcert.Open(dir)
	if err != nil {
		return fmt.Errorf("serve.https: %w", err)
	}
	p.tls, p.certificate = authority.TLSConfig(nil), authority.File()
	p.warnUnsigned(authority)
	return nil
}

// warnUnsigned names the hosts of the configuration for which the authority may not
// sign. A browser shows no reason when a handshake fails.
func (p *parts) warnUnsigned(authority *devcert.Authority) {
	for _, host := range p.hosts(p.cfg) {
		if host == "" || unspecified(host) || strings.HasPrefix(host, ".") || strings.HasPrefix(host, "*") {
			continue
		}
		if _, err := authority.Certificate(strings.ToLower(strings.TrimSuffix(host, "."))); err != nil {
			p.log.Warn("https will not work for "+host+": "+err.Error(), "event", "server.unsigned", "host", host,
				"hint", "name a certificate for it: serve.cert and serve.key")
		}
	}
}

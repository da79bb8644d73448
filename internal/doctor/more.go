package doctor

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/config"
)

// markers looks whether the page has a place for what bower.json asks for.
func markers(_ context.Context, o Options) []Finding {
	text, err := read(o.Config, "bower.json")
	var project bowerFile
	if err != nil || json.Unmarshal(text, &project) != nil || len(project.Dependencies) == 0 {
		return nil
	}
	name := o.Config.Paths.Src + "/" + o.Config.Serve.Fallback
	page, err := read(o.Config, name)
	if err != nil || bytes.Contains(page, []byte("<!-- bower:js -->")) || bytes.Contains(page, []byte("bower_components")) {
		return nil
	}
	return one("page.bower", Warn, name+" has no place for the packages of bower.json",
		"write where their scripts belong: <!-- bower:js --> and <!-- endbower -->, for style sheets <!-- bower:css -->")
}

// target asks the server that the proxy stands in front of.
func target(ctx context.Context, o Options) []Finding {
	if o.Config.Serve.Target == "" {
		return nil
	}
	return reachable(ctx, "target", o.Config.Serve.Target)
}

// soon is how long before its end a certificate is worth a word.
const soon = 14 * 24 * time.Hour

// certificate looks whether the one that the configuration names is in its time.
func certificate(_ context.Context, o Options) []Finding {
	name := o.Config.Serve.Cert
	if name == "" {
		return nil
	}
	text, err := read(o.Config, name)
	if err != nil {
		return one("certificate", Fail, err.Error(), "serve.cert names a PEM file")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return one("certificate", Fail, name+" holds no PEM", "serve.cert names a PEM file")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return one("certificate", Fail, name+": "+err.Error(), "")
	}
	return inTime(name, cert, time.Now())
}

func inTime(name string, cert *x509.Certificate, now time.Time) []Finding {
	end := cert.NotAfter.Format("2 January 2006")
	switch {
	case now.After(cert.NotAfter):
		return one("certificate", Fail, name+" ended on "+end, "renew it")
	case now.Before(cert.NotBefore):
		return one("certificate", Fail, name+" begins only on "+cert.NotBefore.Format("2 January 2006"), "is the clock of this machine right?")
	case now.Add(soon).After(cert.NotAfter):
		return one("certificate", Warn, name+" ends on "+end, "renew it")
	}
	return one("certificate", Pass, fmt.Sprintf("%s is good until %s", name, end), "")
}

// letterCase says whether names that differ in their case are one file here: a page that
// asks for App.js then works on this machine and not on the server.
func letterCase(_ context.Context, o Options) []Finding {
	for _, name := range []string{o.Config.Paths.Src, o.Config.Paths.Dist, filepath.Base(o.Config.Dir)} {
		path := o.Config.Abs(name)
		if name == filepath.Base(o.Config.Dir) {
			path = o.Config.Dir
		}
		other := filepath.Join(filepath.Dir(path), strings.ToUpper(filepath.Base(path)))
		here, err := os.Stat(path)
		if err != nil || other == path {
			continue
		}
		if there, err := os.Stat(other); err == nil && os.SameFile(here, there) {
			return one("case", Warn, "names that differ in their case are one file here, and two on most servers", "write names in pages as the files are called")
		}
		return one("case", Pass, "names that differ in their case are two files, as on most servers", "")
	}
	return nil
}

// phpProject looks for what a command of PHP needs beside php itself.
func phpProject(id string, c *config.Config, b config.Backend) []Finding {
	if !strings.Contains(b.Run, "php") {
		return nil
	}
	in := func(name string) bool {
		_, err := os.Stat(filepath.Join(c.Abs(b.Dir), name))
		return err == nil
	}
	switch {
	case strings.Contains(b.Run, "php artisan") && !in("artisan"):
		return one(id+".artisan", Fail, "there is no artisan in "+c.Abs(b.Dir), "name the folder of the Laravel project: backends."+b.Name+".dir")
	case in("composer.json") && !in(filepath.Join("vendor", "autoload.php")):
		return one(id+".composer", Fail, "the packages of composer.json are not installed", "composer install, in "+c.Abs(b.Dir))
	case strings.Contains(b.Run, "php artisan") && !in(".env"):
		return one(id+".env", Warn, "the Laravel project has no .env", "cp .env.example .env && php artisan key:generate, in "+c.Abs(b.Dir))
	}
	return nil
}

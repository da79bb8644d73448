package devcert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Machine is what matters of a system for trusting a certificate.
type Machine struct {
	// OS is runtime.GOOS.
	OS string
	// Root says that commands need no sudo.
	Root bool
	// Home is the user's folder.
	Home string
	// Exists reports whether a file or folder is there; Installed, whether a program is.
	Exists    func(path string) bool
	Installed func(program string) bool
	// Profiles are the folders of Firefox profiles.
	Profiles []string
}

// ThisMachine looks at the system we run on.
func ThisMachine() (Machine, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return Machine{}, fmt.Errorf("find the home folder: %w", err)
	}
	m := Machine{
		OS:   runtime.GOOS,
		Root: os.Geteuid() == 0,
		Home: home,
		Exists: func(path string) bool {
			_, err := os.Stat(path)
			return err == nil
		},
		Installed: func(program string) bool {
			_, err := exec.LookPath(program)
			return err == nil
		},
	}
	for _, pattern := range []string{".mozilla/firefox/*/cert9.db", "snap/firefox/common/.mozilla/firefox/*/cert9.db", "Library/Application Support/Firefox/Profiles/*/cert9.db"} {
		found, err := filepath.Glob(filepath.Join(home, pattern))
		if err != nil {
			return Machine{}, fmt.Errorf("find Firefox profiles: %w", err)
		}
		for _, file := range found {
			m.Profiles = append(m.Profiles, filepath.Dir(file))
		}
	}
	return m, nil
}

// Command is one command to run, and what it is for.
type Command struct {
	Why  string
	Args []string
}

// String is the command as one would type it.
func (c Command) String() string {
	quoted := make([]string, len(c.Args))
	for i, arg := range c.Args {
		quoted[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \t\"'$`\\&|;<>()*?[]#~!{}") {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// store is a folder in which a Linux distribution collects authorities, and the command that
// reads it.
type store struct {
	dir, suffix string
	update      []string
}

func linuxStores() []store {
	return []store{
		{"/usr/local/share/ca-certificates", ".crt", []string{"update-ca-certificates"}},
		{"/etc/pki/ca-trust/source/anchors", ".pem", []string{"update-ca-trust", "extract"}},
		{"/etc/ca-certificates/trust-source/anchors", ".crt", []string{"trust", "extract-compat"}},
		{"/usr/share/pki/trust/anchors", ".pem", []string{"update-ca-certificates"}},
	}
}

// Trust returns the commands that make the system and the browsers of m trust a; nothing is
// run. An empty list means that m has no place we know.
func (a *Authority) Trust(m Machine) []Command {
	switch m.OS {
	case "darwin":
		return append([]Command{{"trust it in your login keychain", []string{"security", "add-trusted-cert", "-r", "trustRoot", "-k", m.keychain(), a.file}}}, a.nss(m, true)...)
	case "windows":
		return []Command{{"trust it for your user", []string{"certutil", "-user", "-addstore", "Root", a.file}}}
	}
	var list []Command
	if s, ok := m.store(); ok {
		list = append(list,
			Command{"put the certificate where the system looks", m.asRoot("install", "-m", "0644", a.file, a.installed(s))},
			Command{"let the system read it", m.asRoot(s.update...)})
	}
	return append(list, a.nss(m, true)...)
}

// Untrust returns the commands that take back what Trust's commands did.
func (a *Authority) Untrust(m Machine) []Command {
	switch m.OS {
	case "darwin":
		return append([]Command{{"forget it in your login keychain", []string{"security", "delete-certificate", "-t", "-Z", a.Fingerprint(), m.keychain()}}}, a.nss(m, false)...)
	case "windows":
		return []Command{{"forget it for your user", []string{"certutil", "-user", "-delstore", "Root", a.cert.SerialNumber.Text(16)}}}
	}
	var list []Command
	if s, ok := m.store(); ok && m.Exists(a.installed(s)) {
		list = append(list,
			Command{"take the certificate away", m.asRoot("rm", a.installed(s))},
			Command{"let the system forget it", m.asRoot(s.update...)})
	}
	return append(list, a.nss(m, false)...)
}

// installed is the name of the certificate in a store; two authorities do not collide.
func (a *Authority) installed(s store) string {
	return s.dir + "/realtimectl-" + strings.ToLower(a.Fingerprint()[:12]) + s.suffix
}

// nss adds or removes a in the databases of Chromium and Firefox, which on Linux do not
// look at the system's.
func (a *Authority) nss(m Machine, add bool) []Command {
	if !m.Installed("certutil") {
		return nil
	}
	databases := m.Profiles
	if chromium := m.Home + "/.pki/nssdb"; m.Exists(chromium) {
		databases = append([]string{chromium}, databases...)
	}
	var list []Command
	for _, dir := range databases {
		if add {
			list = append(list, Command{"trust it in the browser database " + dir, []string{"certutil", "-d", "sql:" + dir, "-A", "-t", "C,,", "-n", a.Name(), "-i", a.file}})
			continue
		}
		list = append(list, Command{"forget it in the browser database " + dir, []string{"certutil", "-d", "sql:" + dir, "-D", "-n", a.Name()}})
	}
	return list
}

func (m Machine) keychain() string { return m.Home + "/Library/Keychains/login.keychain-db" }

func (m Machine) store() (store, bool) {
	for _, s := range linuxStores() {
		if m.Exists(s.dir) && m.Installed(s.update[0]) {
			return s, true
		}
	}
	return store{}, false
}

func (m Machine) asRoot(args ...string) []string {
	if m.Root {
		return args
	}
	return append([]string{"sudo"}, args...)
}

// Run runs the commands in order, with the terminal at hand for a password. It goes on
// after a failure, since one browser's database says nothing about the next, and returns
// all failures.
func Run(ctx context.Context, list []Command, stdin io.Reader, out io.Writer) error {
	var errs []error
	for _, c := range list {
		cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...) //nolint:gosec // our own list, shown before
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, out, out
		if err := cmd.Run(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c, err))
		}
	}
	return errors.Join(errs...)
}

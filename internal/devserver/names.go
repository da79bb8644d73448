package devserver

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cleanName turns the decoded path of a request into a name below a root, "" for "/". It
// refuses what no browser sends: parent segments (browsers resolve them before they ask),
// and characters that some file system reads as a separator, a stream or nothing at all.
func cleanName(urlPath string) (string, bool) {
	if !strings.HasPrefix(urlPath, "/") || !utf8.ValidString(urlPath) {
		return "", false
	}
	if strings.ContainsFunc(urlPath, func(r rune) bool { return r == '\\' || r == ':' || unicode.IsControl(r) }) {
		return "", false
	}
	for segment := range strings.SplitSeq(urlPath, "/") {
		if segment == ".." {
			return "", false
		}
	}
	return strings.TrimPrefix(path.Clean(urlPath), "/"), true
}

// hidden reports whether a clean name is never served, whatever exists: dot files except
// .well-known, version control, keys and certificates, environments and credentials, tool
// configuration, and what editors leave behind.
func hidden(name string) bool {
	if name == "" {
		return false
	}
	segments := strings.Split(fold(name), "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, ".") && (i > 0 || segment != ".well-known") {
			return true
		}
		if hiddenSegment(segment) || i > 0 && segments[i-1] == "cvs" && ofCVS(segment) {
			return true
		}
	}
	return len(segments) == 1 && hiddenAtTop(segments[0])
}

// ofCVS matches the files of a CVS folder; the folder's name alone may well be a route.
func ofCVS(name string) bool {
	return slices.Contains([]string{"root", "entries", "entries.log", "repository", "tag", "template"}, name)
}

// hiddenTarget is hidden for the end of a link. The stores into which package managers
// link are folders with a dot, reached by no other way.
func hiddenTarget(name string) bool {
	for _, store := range []string{".pnpm/", ".bun/", ".store/"} {
		if rest, ok := strings.CutPrefix(name, store); ok {
			return hidden(rest)
		}
	}
	return hidden(name)
}

// fold brings a name into the form in which file systems that ignore case, and HFS+, which
// ignores invisible characters, compare it.
func fold(name string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name))
}

func hiddenSegment(segment string) bool {
	switch segment {
	case "", "_darcs", "thumbs.db", "desktop.ini", "web.config":
		return true
	}
	// Windows drops a final dot or space, so "server.key." would be the key.
	if strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") || hasShortName(segment) {
		return true
	}
	return hiddenFile(segment)
}

// hasShortName reports an 8.3 alias of Windows, such as "TLS~1.PEM" for a longer name.
func hasShortName(segment string) bool {
	before, after, found := strings.Cut(segment, "~")
	return found && before != "" && after != "" && after[0] >= '0' && after[0] <= '9'
}

func hiddenFile(name string) bool {
	switch path.Ext(name) {
	case ".key", ".pem", ".crt", ".cer", ".der", ".csr", ".p12", ".pfx", ".pkcs12", ".p8", ".pk8", ".jks", ".keystore", ".keytab",
		".kdbx", ".ppk", ".gpg", ".ovpn", ".mobileprovision", ".tfstate", ".tfvars", ".env", ".htpasswd",
		".bak", ".old", ".orig", ".rej", ".sqlite", ".sqlite3", ".sqlite-journal", ".sqlite-wal", ".sqlite-shm":
		return true
	}
	return editorCopy(name) || privateKey(name) || credentials(name) || toolConfig(name)
}

// editorCopy matches what vim and emacs keep beside the file that is edited.
func editorCopy(name string) bool {
	ext := path.Ext(name)
	return strings.HasSuffix(name, "~") || len(ext) == len(".swp") && strings.HasPrefix(ext, ".sw") && 'a' <= ext[3] && ext[3] <= 'p' && ext != ".swf" ||
		len(name) > 1 && name[0] == '#' && strings.HasSuffix(name, "#")
}

// credentials matches files that hold them and have one usual name.
func credentials(name string) bool {
	switch name {
	case "_netrc", "_vimrc", "known_hosts", "authorized_keys", "kubeconfig", "auth.json", "credentials.json", "secrets.json", "secrets.yml",
		"secrets.yaml", "secret.yml", "secret.yaml", "service-account.json", "service_account.json", "serviceaccountkey.json",
		"wp-config.php", "database.yml", "php.ini":
		return true
	}
	return false
}

// privateKey knows the names ssh-keygen gives: id_rsa, id_ed25519.pub and their kin.
func privateKey(name string) bool {
	kind, ok := strings.CutPrefix(strings.TrimSuffix(name, ".pub"), "id_")
	return ok && slices.Contains([]string{"rsa", "dsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss"}, kind)
}

// toolConfig matches files that steer tools and may hold credentials, in any folder.
func toolConfig(name string) bool {
	switch name {
	case "realtimectl.yaml", "realtimectl.yml", "dockerfile", "containerfile", "makefile", "vagrantfile", "procfile", "jenkinsfile",
		"gulpfile.js", "gruntfile.js", "karma.conf.js", "protractor.conf.js", "npm-debug.log", "yarn-error.log":
		return true
	}
	stem, rest, _ := strings.Cut(name, ".")
	ext := path.Ext(name)
	switch {
	case stem == "docker-compose" || stem == "compose":
		return ext == ".yml" || ext == ".yaml"
	case stem == "tsconfig" || stem == "jsconfig":
		return ext == ".json"
	}
	return strings.HasPrefix(rest, "config.") && slices.Contains(configuredTools(), stem)
}

// configuredTools are those with a NAME.config.js. One that a page may load itself, as
// those of SystemJS and Tailwind, is not among them.
func configuredTools() []string {
	return []string{
		"astro", "babel", "cypress", "eslint", "jest", "next", "nuxt", "playwright", "postcss", "prettier",
		"rollup", "rspack", "stylelint", "svelte", "vite", "vitest", "vue", "webpack",
	}
}

// hiddenAtTop matches the manifests of package managers, which browsers may ask for inside
// a package but never at the top of a site.
func hiddenAtTop(name string) bool {
	switch name {
	case "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml",
		"bower.json", "composer.json", "composer.lock":
		return true
	}
	return false
}

// hashed matches names that carry a hash of their content: name-HASH.ext and name.HASH.ext,
// lower-case hex as gulp-rev and webpack write it, or upper-case base32 as esbuild does.
var hashed = regexp.MustCompile(`[-.]([0-9a-f]{8,64}|[A-Z2-7]{8,52})\.[0-9A-Za-z.]+$`)

// isHashed reports whether the content of a file can never change under its name. A date
// (photo-20161225.jpg) or a word (logo-ORIGINAL.png) is no hash, so letters and digits must
// both occur; only in scripts and style sheets, which builds name, letters alone will do.
// A hash taken for a name costs a revalidation; a name taken for a hash would show an
// outdated file for a year.
func isHashed(name string) bool {
	match := hashed.FindStringSubmatch(path.Base(name))
	if match == nil {
		return false
	}
	hash := match[1]
	letters := strings.Trim(hash, "0123456789") != ""
	digits := strings.ContainsAny(hash, "0123456789")
	built := strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".css") || strings.HasSuffix(name, ".map")
	return letters && (digits || built && hash == strings.ToUpper(hash))
}

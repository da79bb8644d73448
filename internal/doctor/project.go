package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/config"
)

// maxRead bounds a file that is looked into, in bytes.
const maxRead = 4 << 20

// dialTimeout bounds the question whether a back-end answers.
const dialTimeout = 2 * time.Second

func configuration(_ context.Context, o Options) []Finding {
	c := o.Config
	if c.File == "" {
		return one("config", Pass, "no "+config.FileName+": everything is at its default or detected", "")
	}
	if len(c.Warnings) > 0 {
		return one("config", Warn, c.Warnings[0].Message, c.Warnings[0].Hint)
	}
	return one("config", Pass, filepath.Base(c.File)+" is valid", "")
}

// page looks for the page that everything begins with.
func page(_ context.Context, o Options) []Finding {
	c := o.Config
	dirs := []string{c.Paths.Tmp, c.Paths.Src, c.Paths.Public}
	if c.Serve.Mode == config.Production {
		dirs = []string{c.Paths.Dist}
	}
	for _, dir := range dirs {
		name := dir + "/" + c.Serve.Fallback
		text, err := read(c, name)
		if err != nil {
			continue
		}
		if !bytes.Contains(bytes.ToLower(text), []byte("<body")) {
			return one("page", Warn, name+" has no <body> tag", "write one, so that tools know where the page begins")
		}
		return one("page", Pass, name+" is there", "")
	}
	fix := "`realtimectl init` makes a project; paths.src names another folder"
	if c.Serve.Mode == config.Production {
		fix = "`realtimectl build` makes it"
	}
	return one("page", Fail, fmt.Sprintf("no %s in %s", c.Serve.Fallback, strings.Join(dirs, ", ")), fix)
}

func read(c *config.Config, name string) ([]byte, error) {
	info, err := os.Stat(c.Abs(name))
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", name, err)
	}
	if info.IsDir() || info.Size() > maxRead {
		return nil, fmt.Errorf("look at %s: not a small file", name)
	}
	text, err := os.ReadFile(c.Abs(name))
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", name, err)
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}

// bowerFile is the part of bower.json, and of a component's own, that wiring reads.
type bowerFile struct {
	Version      string               `json:"version"`
	Main         json.RawMessage      `json:"main"`
	Dependencies map[string]string    `json:"dependencies"`
	Overrides    map[string]bowerFile `json:"overrides"`
}

// bower looks whether each dependency is installed and says what its files are.
func bower(_ context.Context, o Options) []Finding {
	text, err := read(o.Config, "bower.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var project bowerFile
	if err == nil {
		err = json.Unmarshal(text, &project)
	}
	if err != nil {
		return one("bower", Fail, "bower.json: "+err.Error(), "mend the file")
	}
	if n := len(project.Dependencies); n > 1 && !slices.ContainsFunc(slices.Collect(maps.Keys(project.Dependencies)), func(name string) bool { return installed(o.Config, name) }) {
		return one("bower", Fail, fmt.Sprintf("none of the %d components of bower.json is in %s", n, o.Config.Paths.Bower), "npx bower install")
	}
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(project.Dependencies)) {
		found = append(found, component(o.Config, project, name)...)
	}
	if found == nil {
		return one("bower", Pass, fmt.Sprintf("%d components are installed and name their files", len(project.Dependencies)), "")
	}
	return found
}

// installed reports whether a component has its folder.
func installed(c *config.Config, name string) bool {
	info, err := os.Stat(filepath.Join(c.Abs(c.Paths.Bower), name))
	return err == nil && info.IsDir()
}

func component(c *config.Config, project bowerFile, name string) []Finding {
	id := "bower." + name
	if !installed(c, name) {
		return one(id, Fail, name+" is not in "+c.Paths.Bower, "bower install, or npm install and let the page use node_modules")
	}
	if project.Overrides[name].Main != nil {
		return nil
	}
	for _, file := range []string{".bower.json", "bower.json"} {
		var own bowerFile
		text, err := read(c, c.Paths.Bower+"/"+name+"/"+file)
		if err == nil && json.Unmarshal(text, &own) == nil && own.Main != nil {
			return nil
		}
	}
	for _, ext := range []string{".js", ".css"} { // what has the component's name is its file
		if _, err := os.Stat(filepath.Join(c.Abs(c.Paths.Bower), name, name+ext)); err == nil {
			return nil
		}
	}
	override := fmt.Sprintf(`{"overrides": {%q: {"main": "FILE"}}}`, name)
	return one(id, Warn, name+" does not say which of its files a page needs, so none is wired", "add to bower.json: "+override)
}

// clientLibrary looks which Socket.IO client the project's pages load.
func clientLibrary(_ context.Context, o Options) []Finding {
	for _, dir := range []string{"node_modules", o.Config.Paths.Bower} {
		for _, file := range []string{"package.json", ".bower.json", "bower.json"} {
			var own bowerFile
			name := dir + "/socket.io-client/" + file
			text, err := read(o.Config, name)
			if err == nil && json.Unmarshal(text, &own) == nil && own.Version != "" {
				return clientVersion(own.Version, name)
			}
		}
	}
	return one("client", Pass, "the project has no socket.io-client: the built-in one is served", "")
}

func clientVersion(version, file string) []Finding {
	major, err := strconv.Atoi(strings.SplitN(version, ".", 2)[0])
	switch {
	case err != nil:
		return one("client", Warn, fmt.Sprintf("%s has the version %q", file, version), "reinstall socket.io-client")
	case major < 1:
		return one("client", Fail, "socket.io-client "+version+" speaks a protocol from before 1.0", "install version 1 or later; the built-in client needs nothing")
	}
	return one("client", Pass, "socket.io-client "+version+" is served to the pages", "")
}

// backends looks whether commands can be found and servers answer.
func backends(ctx context.Context, o Options) []Finding {
	var found []Finding
	for _, b := range o.Config.Backends {
		id := "backend." + b.Name
		switch {
		case b.Run != "":
			found = append(found, command(id, o.Config, b)...)
			found = append(found, phpProject(id, o.Config, b)...)
		case b.URL != "":
			found = append(found, reachable(ctx, id, b.URL)...)
		default:
			found = append(found, storeFile(id, o.Config, b.Store)...)
		}
	}
	return found
}

// command looks for the program that a command line starts. Shell words before it
// (VAR=value) are passed over; what only a shell can tell is not judged.
func command(id string, c *config.Config, b config.Backend) []Finding {
	program := ""
	for _, word := range strings.Fields(b.Run) {
		if !strings.Contains(word, "=") {
			program = word
			break
		}
	}
	if program == "" || strings.ContainsAny(program, "$`\"'(){}|&;<>") {
		return one(id, Skip, "only a shell can tell what starts: "+b.Run, "")
	}
	if strings.Contains(program, "/") && !filepath.IsAbs(program) {
		program = filepath.Join(c.Abs(b.Dir), program)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return one(id, Fail, fmt.Sprintf("%s is not installed, or not on PATH", program), "install it, or change backends."+b.Name+".run")
	}
	return one(id, Pass, fmt.Sprintf("%s is %s", b.Run, path), "")
}

func reachable(ctx context.Context, id, raw string) []Finding {
	u, err := url.Parse(raw)
	if err != nil {
		return one(id, Fail, err.Error(), "")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return one(id, Warn, "nothing answers at "+raw, "start it; until then its requests get a page that waits")
	}
	_ = conn.Close() // it was opened only to see whether that works
	return one(id, Pass, raw+" answers", "")
}

func storeFile(id string, c *config.Config, name string) []Finding {
	text, err := read(c, name)
	if errors.Is(err, fs.ErrNotExist) {
		return one(id, Warn, name+" does not exist yet", "write a JSON object of collections, such as {\"jobs\": []}")
	}
	if err == nil && !json.Valid(text) {
		err = errors.New(name + " is not JSON")
	}
	if err != nil {
		return one(id, Fail, err.Error(), "mend the file")
	}
	return one(id, Pass, name+" is readable", "")
}

package stack

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/middleware"
)

// rules are what the configuration puts around our answers. Where each of them applies:
//
//	log         every request of a listener that the guard lets through
//	slow        everything but our own endpoints: the tools shall stay quick; development only
//	cors        files, back-ends and the target; before basic auth, because a preflight
//	            carries no password (fetch standard, section 3.2.2)
//	basic auth  everything but the endpoints that ask for the token and, for monitors,
//	            the health endpoint, which then tells strangers only that it is up
//	headers, replace, rewrite
//	            files, back-ends and the target
//
// The hub is opened to other sites by hub.origins alone.
type rules struct {
	around  []middleware.Middleware // a listener, outermost first
	content []middleware.Middleware // files, back-ends and the target
}

// ruler collects the rules and the mistakes in them.
type ruler struct {
	cfg *config.Config
	log *slog.Logger // of what happens later
	rules
	wrong diag.List
}

// compileRules makes the rules of cfg, without the log. Mistakes come back as a
// [diag.List] that points into the file.
func compileRules(cfg *config.Config, log *slog.Logger) (rules, error) {
	r := &ruler{cfg: cfg, log: log}
	r.slow()
	r.cors()
	r.basicAuth()
	r.headers()
	r.replace()
	r.rewrite()
	if len(r.wrong) > 0 {
		return rules{}, r.wrong
	}
	return r.rules, nil
}

// addRules takes the rules over.
func (p *parts) addRules(context.Context) error {
	made, err := compileRules(p.cfg, p.log)
	if err != nil {
		return err
	}
	p.setRules(p.cfg, made)
	return nil
}

// keep takes over what a rule at key became; list is where it goes.
func (r *ruler) keep(list *[]middleware.Middleware, key string, m middleware.Middleware, err error) {
	if err != nil {
		r.wrong = append(r.wrong, r.cfg.Diagnostic(key, err.Error(), ""))
		return
	}
	*list = append(*list, m)
}

func (r *ruler) slow() {
	name := r.cfg.Serve.Slow
	if name == config.NoNetwork || r.cfg.Serve.Mode == config.Production {
		return
	}
	network, err := middleware.ParseNetwork(name)
	r.keep(&r.around, "serve.slow", except(isOwn, middleware.Slow(network)), err)
}

func (r *ruler) cors() {
	hub := strings.TrimSuffix(r.cfg.Hub.Path, "/")
	skip := func(path string) bool { return isOwn(path) || path == hub || strings.HasPrefix(path, hub+"/") }
	for _, c := range r.cfg.Serve.CORS {
		m, err := middleware.CORS(middleware.CORSOptions{
			Path: c.Path, Origins: c.Origins, Methods: c.Methods, Headers: c.Headers, Expose: c.Expose,
			Credentials: c.Credentials, MaxAge: c.MaxAge,
		})
		r.keep(&r.around, c.Key+".path", except(skip, m), err)
	}
}

func (r *ruler) basicAuth() {
	b := r.cfg.Serve.BasicAuth
	if !b.On() {
		return
	}
	m, err := r.guardians()
	if err != nil {
		r.wrong = append(r.wrong, r.cfg.Diagnostic("serve.basic-auth", err.Error(), "write one name:password a line"))
		return
	}
	if b.UsersFile != "" {
		m = following(r.cfg.Abs(b.UsersFile), m, r.guardians, r.log)
	}
	r.around = append(r.around, except(asksForToken, m))
}

// guardians reads the users and lets in nobody else.
func (r *ruler) guardians() (middleware.Middleware, error) {
	users := map[string]string{}
	for _, read := range []func(map[string]string) error{r.usersOfFile, r.usersOfEnvironment} {
		if err := read(users); err != nil {
			return nil, err
		}
	}
	return middleware.BasicAuth(users, cmp.Or(r.cfg.Serve.BasicAuth.Realm, r.cfg.Project()))
}

func (r *ruler) usersOfFile(users map[string]string) error {
	name := r.cfg.Serve.BasicAuth.UsersFile
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(r.cfg.Abs(name))
	if err != nil {
		return fmt.Errorf("users-file: %w", err)
	}
	if err := readUsers(users, string(text)); err != nil {
		return fmt.Errorf("%s:%w", name, err)
	}
	return nil
}

func (r *ruler) usersOfEnvironment(users map[string]string) error {
	name := r.cfg.Serve.BasicAuth.UsersEnv
	if name == "" {
		return nil
	}
	text := os.Getenv(name)
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("the environment variable %s is empty", name)
	}
	if err := readUsers(users, text); err != nil {
		return fmt.Errorf("the environment variable %s:%w", name, err)
	}
	return nil
}

// readUsers reads lines of name:password. An error begins with the line's number and
// never holds what is on it.
func readUsers(users map[string]string, text string) error {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		switch {
		case !ok || name == "" || password == "":
			return fmt.Errorf("%d: this is no name:password", n)
		case isHash(password):
			return fmt.Errorf("%d: the password of %s is a hash; write the password itself, in a file that only you may read", n, name)
		case users[name] != "":
			return fmt.Errorf("%d: %s is there twice", n, name)
		}
		users[name] = password
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf(" %w", err)
	}
	return nil
}

// isHash recognizes what htpasswd writes. Taken for passwords, hashes would let in who
// stole the file and nobody else.
func isHash(password string) bool {
	for _, prefix := range []string{"$2y$", "$2a$", "$2b$", "$apr1$", "$5$", "$6$", "{SHA}", "{SSHA}"} {
		if strings.HasPrefix(password, prefix) {
			return true
		}
	}
	return false
}

func (r *ruler) headers() {
	for _, h := range r.cfg.Serve.Headers {
		m, err := middleware.Headers([]middleware.HeaderRule{{Path: h.Path, Set: h.Set, Remove: h.Remove}})
		r.keep(&r.content, h.Key+".path", m, err)
	}
}

func (r *ruler) replace() {
	for _, t := range r.cfg.Serve.Replace {
		m, err := middleware.ReplaceText([]middleware.TextRule{{Path: t.Path, Find: t.Find, With: t.With, Types: t.Types}})
		r.keep(&r.content, t.Key+".path", m, err)
	}
}

// rewrite keeps its rules together: only the first that matches counts. Each is compiled
// alone before, to know which one is wrong.
func (r *ruler) rewrite() {
	var list []middleware.PathRule
	for _, w := range r.cfg.Serve.Rewrite {
		rule := middleware.PathRule{From: w.From, To: w.To}
		if _, err := middleware.RewritePaths([]middleware.PathRule{rule}); err != nil {
			r.wrong = append(r.wrong, r.cfg.Diagnostic(w.Key, err.Error(), ""))
			continue
		}
		list = append(list, rule)
	}
	if len(list) > 0 {
		m, err := middleware.RewritePaths(list)
		r.keep(&r.content, "serve.rewrite", m, err)
	}
}

// ownPrefix begins the paths of our own endpoints.
const ownPrefix = "/__realtimectl/"

func isOwn(path string) bool { return strings.HasPrefix(path, ownPrefix) }

// asksForToken reports whether an endpoint looks after itself.
func asksForToken(path string) bool {
	switch path {
	case healthPath, publishPath, listenPath, restartPath, livereload.ControlPath:
		return true
	}
	return false
}

// except applies m to all but the paths that skip names.
func except(skip func(path string) bool, m middleware.Middleware) middleware.Middleware {
	return func(next http.Handler) http.Handler {
		applied := m(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if skip(r.URL.Path) {
				next.ServeHTTP(w, r)
				return
			}
			applied.ServeHTTP(w, r)
		})
	}
}

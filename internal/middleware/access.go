package middleware

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/page"
)

// CORSOptions open paths to pages of other origins.
type CORSOptions struct {
	// Path is the pattern of the paths that are opened.
	Path string
	// Origins are exact ("https://abacate.com"), or the one entry "*" for all.
	Origins []string
	// Methods and Headers may be used beside the simple ones; nil: those the page asks for.
	Methods, Headers []string
	// Expose are answer headers that the page may read beside the simple ones.
	Expose []string
	// Credentials lets cookies along. Not with "*": every page would act for the user.
	Credentials bool
	// MaxAge is how long browsers remember a permission; 0 leaves it to them (5 seconds).
	MaxAge time.Duration
}

// CORS answers preflights for the opened paths and allows the answers to be read, for the
// given origins only (fetch standard, section 3.2).
func CORS(o CORSOptions) (Middleware, error) {
	pattern, err := ParsePattern(o.Path)
	if err != nil {
		return nil, err
	}
	if len(o.Origins) == 0 {
		return nil, errors.New("cors: no origins")
	}
	if o.Credentials && slices.Contains(o.Origins, "*") {
		return nil, errors.New(`cors: credentials need named origins, not "*"`)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !pattern.Match(r.URL.Path) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Add("Vary", "Origin")
			origin := r.Header.Get("Origin")
			allowed := origin != "" && origin != "null" && o.allows(origin)
			if preflight(r) {
				o.answerPreflight(w, r, allowed)
				return
			}
			if !allowed {
				next.ServeHTTP(w, r)
				return
			}
			hw := &headerWriter{response: response{w}, rules: []HeaderRule{o.permission(origin)}}
			next.ServeHTTP(hw, r)
			hw.apply()
		})
	}, nil
}

func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

func (o CORSOptions) allows(origin string) bool {
	return slices.ContainsFunc(o.Origins, func(s string) bool { return s == "*" || strings.EqualFold(s, origin) })
}

// permission is the rule for an answer that origin may read. An answer that may be read by
// others must not be kept from them by our own resource policy.
func (o CORSOptions) permission(origin string) HeaderRule {
	if slices.Contains(o.Origins, "*") {
		origin = "*"
	}
	rule := HeaderRule{
		Set:    map[string]string{"Access-Control-Allow-Origin": origin, "Cross-Origin-Resource-Policy": "cross-origin"},
		Remove: []string{"Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"},
	}
	if o.Credentials {
		rule.Set["Access-Control-Allow-Credentials"] = "true"
	}
	if len(o.Expose) > 0 {
		rule.Set["Access-Control-Expose-Headers"] = strings.Join(o.Expose, ", ")
	}
	return rule
}

func (o CORSOptions) answerPreflight(w http.ResponseWriter, r *http.Request, allowed bool) {
	header := w.Header()
	header.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	if allowed {
		for name, value := range o.permission(r.Header.Get("Origin")).Set {
			header.Set(name, value)
		}
		header.Set("Access-Control-Allow-Methods", given(o.Methods, r.Header.Get("Access-Control-Request-Method")))
		if names := given(o.Headers, r.Header.Get("Access-Control-Request-Headers")); names != "" {
			header.Set("Access-Control-Allow-Headers", names)
		}
		if o.MaxAge > 0 {
			header.Set("Access-Control-Max-Age", strconv.Itoa(int(o.MaxAge.Seconds())))
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func given(configured []string, asked string) string {
	if configured == nil {
		return asked
	}
	return strings.Join(configured, ", ")
}

// BasicAuth lets in who knows one of the users' passwords, name → password, and asks all
// others (RFC 7617). The check takes the same time whether or not the name exists. The
// header is taken off the request, so that nothing behind sees the password.
func BasicAuth(users map[string]string, realm string) (Middleware, error) {
	if len(users) == 0 {
		return nil, errors.New("basic auth: no users")
	}
	accepted := map[[sha256.Size]byte]bool{}
	for name, password := range users {
		if name == "" || password == "" || strings.Contains(name, ":") {
			return nil, fmt.Errorf("basic auth: user %q: a name without colon and a password are needed", name)
		}
		accepted[sha256.Sum256([]byte(name+":"+password))] = true
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name, password, ok := r.BasicAuth()
			if !ok || !known(accepted, name+":"+password) {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q, charset=\"UTF-8\"", realm))
				page.Text(w, http.StatusUnauthorized, "name and password needed")
				return
			}
			inner := *r
			inner.Header = r.Header.Clone()
			inner.Header.Del("Authorization")
			next.ServeHTTP(w, &inner)
		})
	}, nil
}

func known(accepted map[[sha256.Size]byte]bool, credentials string) bool {
	sum := sha256.Sum256([]byte(credentials))
	found := 0
	for want := range accepted {
		found |= subtle.ConstantTimeCompare(want[:], sum[:])
	}
	return found == 1
}

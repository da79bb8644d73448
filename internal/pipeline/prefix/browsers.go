package prefix

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Browsers are the oldest versions that a stylesheet is for. The zero value needs no
// prefix.
type Browsers struct {
	engines []api.Engine // sorted by name, each once
}

// recent and common stand for what only statistics can tell: the last version of each
// browser, and the oldest that more than a few use. They are those of a while ago, since a
// prefix too many does no harm.
func recent() map[api.EngineName]float64 {
	return map[api.EngineName]float64{
		api.EngineChrome: 125, api.EngineEdge: 125, api.EngineFirefox: 126, api.EngineOpera: 110,
		api.EngineSafari: 17, api.EngineIOS: 17, api.EngineIE: 11,
	}
}

func common() map[api.EngineName]float64 {
	return map[api.EngineName]float64{
		api.EngineChrome: 109, api.EngineEdge: 109, api.EngineFirefox: 115, api.EngineOpera: 95,
		api.EngineSafari: 15.6, api.EngineIOS: 15.6,
	}
}

// engine returns the engine that a browser of browserslist counts as.
func engine(name string) (api.EngineName, bool) {
	switch strings.ToLower(name) {
	case "chrome", "chromeandroid", "and_chr", "samsung", "android", "bb", "blackberry":
		return api.EngineChrome, true
	case "edge":
		return api.EngineEdge, true
	case "firefox", "ff", "fx", "firefoxandroid", "and_ff":
		return api.EngineFirefox, true
	case "ie", "explorer", "ie_mob", "explorermobile":
		return api.EngineIE, true
	case "ios", "ios_saf":
		return api.EngineIOS, true
	case "opera", "op_mob", "operamobile":
		return api.EngineOpera, true
	case "safari":
		return api.EngineSafari, true
	}
	return 0, false
}

func engineName(e api.EngineName) string {
	return map[api.EngineName]string{
		api.EngineChrome: "chrome", api.EngineEdge: "edge", api.EngineFirefox: "firefox", api.EngineIE: "ie",
		api.EngineIOS: "ios", api.EngineOpera: "opera", api.EngineSafari: "safari",
	}[e]
}

// list collects the oldest version of each engine.
type list map[api.EngineName]float64

func (l list) add(e api.EngineName, version float64) {
	if old, ok := l[e]; !ok || version < old {
		l[e] = max(version, 1)
	}
}

func (l list) addAll(versions map[api.EngineName]float64) {
	for e, v := range versions {
		l.add(e, v)
	}
}

func (l list) browsers() Browsers {
	var b Browsers
	for e, v := range l {
		b.engines = append(b.engines, api.Engine{Name: e, Version: strconv.FormatFloat(v, 'f', -1, 64)})
	}
	slices.SortFunc(b.engines, func(x, y api.Engine) int { return cmp.Compare(engineName(x.Name), engineName(y.Name)) })
	return b
}

var (
	lastVersions = regexp.MustCompile(`^last (\d+) (?:(\w+) )?(?:major )?versions?$`)
	lastYears    = regexp.MustCompile(`^last [\d.]+ years?$`)
	usage        = regexp.MustCompile(`^(?:[<>]=?|cover) ?[\d.]+%`)
	oneBrowser   = regexp.MustCompile(`^(\w+) ?(<=?|>=?)? ?([\d.]+)(?:-([\d.]+))?$`)
	noBrowser    = regexp.MustCompile(`^(?:node|electron|op_mini|operamini|and_qq|and_uc|baidu|kaios|maintained node|current node|dead|unreleased|supports|since|browserslist config|extends)\b`)
)

// Parse returns the browsers that queries of browserslist mean, and the queries that it
// does not understand. No query means browserslist's own defaults. Queries that ask how
// many people use a browser are answered by fixed versions.
func Parse(queries []string) (b Browsers, unknown []string) {
	if len(queries) == 0 {
		queries = []string{"defaults"}
	}
	found := list{}
	var not []string
	for _, line := range queries {
		for _, query := range splitQueries(line) {
			switch without, negated := strings.CutPrefix(query, "not "); {
			case negated:
				not = append(not, without)
			case !found.parse(query):
				unknown = append(unknown, query)
			}
		}
	}
	for _, query := range not {
		if query == "dead" || query == "ie 11" || query == "ie <= 11" || query == "ie > 0" {
			delete(found, api.EngineIE)
		}
	}
	return found.browsers(), unknown
}

// splitQueries takes a line apart. Of queries joined by "and" the first counts: it means
// more browsers than all together.
func splitQueries(line string) []string {
	var all []string
	for _, query := range regexp.MustCompile(`,| or `).Split(strings.ToLower(line), -1) {
		query, _, _ = strings.Cut(query, " and ")
		if query = strings.Join(strings.Fields(query), " "); query != "" {
			all = append(all, query)
		}
	}
	return all
}

// parse adds what one query means and reports whether it understands it.
func (l list) parse(query string) bool {
	switch {
	case query == "defaults":
		l.addAll(common())
		return true
	case usage.MatchString(query) || lastYears.MatchString(query):
		l.addAll(common())
		return true
	case query == "firefox esr" || query == "ff esr" || query == "fx esr":
		l.add(api.EngineFirefox, common()[api.EngineFirefox])
		return true
	case noBrowser.MatchString(query):
		return true
	}
	if m := lastVersions.FindStringSubmatch(query); m != nil {
		return l.last(m[1], m[2])
	}
	m := oneBrowser.FindStringSubmatch(query)
	if m == nil {
		return false
	}
	return l.one(m[1], m[2], m[3])
}

// last adds the last versions of one browser, or of all. Safari and Internet Explorer have
// one a year, which is how far back the others go as well.
func (l list) last(count, name string) bool {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return false
	}
	versions := recent()
	if name != "" && name != "major" {
		e, ok := engine(name)
		if !ok {
			return noBrowser.MatchString(name)
		}
		versions = map[api.EngineName]float64{e: versions[e]}
	}
	for e, v := range versions {
		l.add(e, v-float64(n-1))
	}
	return true
}

// one adds the oldest version that a comparison allows.
func (l list) one(name, op, version string) bool {
	e, ok := engine(name)
	if !ok {
		return noBrowser.MatchString(name)
	}
	v, err := strconv.ParseFloat(version, 64)
	if err != nil {
		return false
	}
	if strings.HasPrefix(name, "android") && v < 5 {
		v = 30 // the old browser of Android needs what Chrome needed then
	}
	if strings.HasPrefix(op, "<") {
		v = 1
	}
	l.add(e, v)
	return true
}

// Of returns the browsers of the project at dir, and the file that names them: a
// .browserslistrc, a browserslist, or package.json; "" = none does, and the browsers are
// the defaults. Of several environments NODE_ENV names one, else it is production.
func Of(dir string) (b Browsers, from string, unknown []string, err error) {
	for _, name := range []string{".browserslistrc", "browserslist", "package.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Browsers{}, name, nil, fmt.Errorf("read the browsers: %w", err)
		}
		queries := fromList(data)
		if name == "package.json" {
			if queries, err = fromPackage(data); err != nil {
				return Browsers{}, name, nil, fmt.Errorf("read the browsers in package.json: %w", err)
			}
		}
		if len(queries) > 0 {
			b, unknown := Parse(queries)
			return b, name, unknown, nil
		}
	}
	b, _ = Parse(nil)
	return b, "", nil, nil
}

func environment() string {
	return cmp.Or(os.Getenv("BROWSERSLIST_ENV"), os.Getenv("NODE_ENV"), "production")
}

// fromList reads a file with a query a line, in sections of environments.
func fromList(data []byte) []string {
	var always, section []string
	wanted, inSection := true, false
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			inSection = true
			wanted = slices.Contains(strings.Fields(strings.Trim(line, "[]")), environment())
		case !inSection:
			always = append(always, line)
		case wanted:
			section = append(section, line)
		}
	}
	if len(section) > 0 {
		return section
	}
	return always
}

// fromPackage reads the key of package.json: a query, a list, or lists by environment.
func fromPackage(data []byte) ([]string, error) {
	var p struct {
		Browserslist json.RawMessage `json:"browserslist"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &p); err != nil {
		return nil, err
	}
	if p.Browserslist == nil {
		return nil, nil
	}
	if list, ok := oneOrMore(p.Browserslist); ok {
		return list, nil
	}
	var by map[string]json.RawMessage
	if err := json.Unmarshal(p.Browserslist, &by); err != nil {
		return nil, fmt.Errorf("browserslist: %w", err)
	}
	for _, env := range []string{environment(), "defaults"} {
		if list, ok := oneOrMore(by[env]); ok {
			return list, nil
		}
	}
	return nil, nil
}

func oneOrMore(raw json.RawMessage) ([]string, bool) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, true
	}
	var list []string
	return list, json.Unmarshal(raw, &list) == nil && list != nil
}

package pipeline

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// importMap is what a page's import map says, reduced to what a bundler needs: names to
// addresses. Its scopes are followed for the files below them.
type importMap struct {
	Imports map[string]string            `json:"imports,omitempty"`
	Scopes  map[string]map[string]string `json:"scopes,omitempty"`
	// Integrity goes with the files it names; after bundling those are others.
	Integrity map[string]string `json:"integrity,omitempty"`
}

func isImportMap(tag htmlscan.Tag) bool {
	typ, _ := tag.Attr("type")
	return strings.EqualFold(strings.TrimSpace(typ), "importmap")
}

func (t *tree) readImportMap(p *page, tag htmlscan.Tag) diag.List {
	err := json.Unmarshal(p.doc.Src[tag.Content.Start:tag.Content.End], &p.imports)
	if err == nil {
		return nil
	}
	d := p.diagnose(t, tag.Content.Start, "the import map is not valid JSON: "+err.Error())
	d.Hint = "browsers ignore the whole map when it is not"
	return diag.List{d}
}

// lookup returns the address that the map gives a name: the exact entry, else the
// longest one that ends in a slash and starts the name. from is the URL path, with a
// leading slash, of the file that imports.
func (m importMap) lookup(name, from string) (string, bool) {
	scope := ""
	for prefix := range m.Scopes {
		if len(prefix) > len(scope) && strings.HasPrefix(from, prefix) {
			scope = prefix
		}
	}
	if to, ok := match(m.Scopes[scope], name); ok && scope != "" {
		return to, true
	}
	return match(m.Imports, name)
}

func match(entries map[string]string, name string) (string, bool) {
	if to, ok := entries[name]; ok {
		return to, true
	}
	best := ""
	for key := range entries {
		if strings.HasSuffix(key, "/") && strings.HasPrefix(name, key) && len(key) > len(best) {
			best = key
		}
	}
	if best == "" {
		return "", false
	}
	return entries[best] + name[len(best):], true
}

// foreign returns the part of the map that still matters to a bundled page: what lives
// on another origin. ok is false when nothing does.
func (m importMap) foreign() (rest importMap, ok bool) {
	keep := func(entries map[string]string) map[string]string {
		var kept map[string]string
		for name, to := range entries {
			if !isForeign(to) {
				continue
			}
			if kept == nil {
				kept = map[string]string{}
			}
			kept[name] = to
		}
		return kept
	}
	rest.Imports = keep(m.Imports)
	for scope, entries := range m.Scopes {
		if kept := keep(entries); kept != nil {
			if rest.Scopes == nil {
				rest.Scopes = map[string]map[string]string{}
			}
			rest.Scopes[scope] = kept
		}
	}
	return rest, rest.Imports != nil || rest.Scopes != nil
}

// escapePath writes a path of ours as a part of an address. Letters of all alphabets stay:
// browsers send them as they must.
func escapePath(p string) string { return addressEscapes.Replace(p) }

var addressEscapes = strings.NewReplacer("%", "%25", "#", "%23", "?", "%3F", " ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", "\\", "%5C", "`", "%60")

// unescapePath decodes %XX in a path; ok is false when it is not valid.
func unescapePath(p string) (string, bool) {
	s, err := url.PathUnescape(p)
	return s, err == nil
}

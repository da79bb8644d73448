package proxy

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// access is what our script needs from a Content-Security-Policy, as source expressions.
// They name our own paths only, so nothing else is let in.
type access struct {
	script   string   // the URL of the script
	connects []string // where it connects to
	nonce    string   // of our script element; "" if it has none
}

// policyHeaders are the headers that carry policies. The second only reports, and without
// an amendment would report us.
func policyHeaders() []string {
	return []string{"Content-Security-Policy", "Content-Security-Policy-Report-Only"}
}

// amendHeaders amends every policy in header.
func (a access) amendHeaders(header http.Header) {
	for _, name := range policyHeaders() {
		if lines, ok := header[name]; ok {
			amended := make([]string, len(lines)) // the old ones may belong to the handler
			for i, line := range lines {
				amended[i] = a.amend(line)
			}
			header[name] = amended
		}
	}
}

// amend amends a list of policies, which are separated by commas (CSP3 section 2.2). A page
// loads what every one of them allows.
func (a access) amend(list string) string {
	policies := strings.Split(list, ",")
	for i, text := range policies {
		p := policy(strings.Split(text, ";"))
		p = p.allow([]string{"script-src-elem", "script-src"}, "script-src", a.scriptSources)
		p = p.allow([]string{"connect-src"}, "connect-src", a.connectSources)
		policies[i] = strings.Join(p, ";")
	}
	return strings.Join(policies, ",")
}

// scriptSources returns what a list of sources lacks for our script. With 'strict-dynamic'
// browsers ignore URLs, so only a nonce helps; without, a nonce could switch off an
// 'unsafe-inline' that the page lives from, so the URL it is.
func (a access) scriptSources(sources []string) []string {
	if a.nonce != "" && slices.Contains(sources, "'nonce-"+a.nonce+"'") {
		return nil
	}
	if containsFold(sources, "'strict-dynamic'") {
		if a.nonce == "" { // a policy in a meta element, read after our script was asked for
			return nil
		}
		return []string{"'nonce-" + a.nonce + "'"}
	}
	if containsFold(sources, "'self'") || containsFold(sources, "*") || slices.Contains(sources, a.script) {
		return nil
	}
	return []string{a.script}
}

// connectSources always names the WebSocket: older browsers do not count it to 'self'.
func (a access) connectSources(sources []string) []string {
	var lacks []string
	for _, source := range a.connects {
		if !slices.Contains(sources, source) {
			lacks = append(lacks, source)
		}
	}
	return lacks
}

func containsFold(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}

// policy is the directives of one policy, as written.
type policy []string

// find returns the index of the first directive with that name, which is the one that
// counts, and its sources.
func (p policy) find(name string) (int, []string) {
	for i, directive := range p {
		fields := strings.Fields(directive)
		if len(fields) > 0 && strings.EqualFold(fields[0], name) {
			return i, fields[1:]
		}
	}
	return -1, nil
}

// allow adds to the directive that governs a kind of request what lacking finds missing:
// the first of names that is there; else a new directive with the sources of default-src,
// so that default-src itself stays as strict as it is; else nothing governs it.
func (p policy) allow(names []string, fallback string, lacking func([]string) []string) policy {
	for _, name := range names {
		if i, sources := p.find(name); i >= 0 {
			p[i] = extend(p[i], sources, lacking(sources))
			return p
		}
	}
	i, sources := p.find("default-src")
	if i < 0 {
		return p
	}
	missing := lacking(sources)
	if len(missing) == 0 {
		return p
	}
	directive := extend(fallback+" "+strings.Join(sources, " "), sources, missing)
	// An empty directive at the end is only a final semicolon.
	if last := len(p) - 1; strings.TrimSpace(p[last]) == "" {
		return append(p[:last:last], " "+directive, p[last])
	}
	return append(p, " "+directive)
}

// extend adds sources to a directive; 'none' means nothing beside others and goes.
func extend(directive string, sources, missing []string) string {
	if len(missing) == 0 {
		return directive
	}
	if len(sources) == 1 && strings.EqualFold(sources[0], "'none'") {
		lead := directive[:len(directive)-len(strings.TrimLeft(directive, " \t"))]
		directive = lead + strings.Fields(directive)[0]
	}
	return strings.TrimRight(directive, " \t") + " " + strings.Join(missing, " ")
}

// nonceSource matches a nonce as CSP3 section 2.3.1 spells it; nothing in it needs escaping
// in HTML.
var nonceSource = regexp.MustCompile(`^'nonce-([A-Za-z0-9+/_-]+={0,2})'$`)

// pageNonce returns the nonce of the header policies for scripts, and whether one of them
// can be satisfied by a nonce only.
func pageNonce(header http.Header) (nonce string, needed bool) {
	for _, name := range policyHeaders() {
		for _, text := range strings.Split(strings.Join(header[name], ","), ",") {
			sources := scriptRules(strings.Split(text, ";"))
			needed = needed || containsFold(sources, "'strict-dynamic'")
			for _, source := range sources {
				if m := nonceSource.FindStringSubmatch(source); m != nil && nonce == "" {
					nonce = m[1]
				}
			}
		}
	}
	return nonce, needed
}

// scriptRules returns the sources that govern script elements.
func scriptRules(p policy) []string {
	for _, name := range []string{"script-src-elem", "script-src", "default-src"} {
		if i, sources := p.find(name); i >= 0 {
			return sources
		}
	}
	return nil
}

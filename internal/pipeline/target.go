package pipeline

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// defaultTarget is what every browser that still gets updates understands; the browsers
// are named for styles, which have no editions.
const defaultTarget = "es2020,chrome87,edge88,firefox78,safari14.1"

func language(word string) (api.Target, bool) {
	switch word {
	case "esnext":
		return api.ESNext, true
	case "es5":
		return api.ES5, true
	case "es6":
		return api.ES2015, true
	}
	year, err := strconv.Atoi(strings.TrimPrefix(word, "es"))
	if err != nil || !strings.HasPrefix(word, "es") || year < firstYear || year > lastYear {
		return 0, false
	}
	return api.ES2015 + api.Target(year-firstYear), true
}

// firstYear and lastYear bound the language editions that the bundler knows by year.
const (
	firstYear = 2015
	lastYear  = 2024
)

func browser(name string) (api.EngineName, bool) {
	switch name {
	case "chrome":
		return api.EngineChrome, true
	case "edge":
		return api.EngineEdge, true
	case "firefox":
		return api.EngineFirefox, true
	case "ie":
		return api.EngineIE, true
	case "ios":
		return api.EngineIOS, true
	case "opera":
		return api.EngineOpera, true
	case "safari":
		return api.EngineSafari, true
	}
	return 0, false
}

// unlowerable are features that the bundler cannot write in older words. With the default
// target they stay as written: the author's browser had them.
func unlowerable(target string) map[string]bool {
	if target != "" {
		return nil
	}
	return map[string]bool{
		"arbitrary-module-namespace-names": true, "bigint": true, "destructuring": true,
		"dynamic-import": true, "import-attributes": true, "import-meta": true, "top-level-await": true,
	}
}

// parseTarget reads "es2019", "chrome100,safari15" or a mix of both.
func parseTarget(s string) (api.Target, []api.Engine, error) {
	target := api.DefaultTarget
	var engines []api.Engine
	for word := range strings.SplitSeq(strings.ToLower(orDefault(s, defaultTarget)), ",") {
		word = strings.TrimSpace(word)
		if lang, ok := language(word); ok {
			target = lang
			continue
		}
		digits := strings.IndexAny(word, "0123456789")
		if digits < 1 {
			return 0, nil, badTarget(word)
		}
		engine, ok := browser(word[:digits])
		if !ok {
			return 0, nil, badTarget(word)
		}
		engines = append(engines, api.Engine{Name: engine, Version: word[digits:]})
	}
	return target, engines, nil
}

func badTarget(word string) error {
	return diag.List{{
		Severity: diag.Error, Source: "build", Message: fmt.Sprintf("unknown target %q", word),
		Hint: "use es2015 to es2024, esnext, or browsers such as chrome100,firefox100,safari15",
	}}
}

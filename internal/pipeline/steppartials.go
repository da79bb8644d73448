package pipeline

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
)

// templatesName is the script that holds all templates.
const templatesName = "templateCacheHtml.js"

// partialsStep puts the templates into one script, so that a page asks for none.
type partialsStep struct {
	layout Layout
	done   map[string]normalized // by URL
}

// normalized is a template's last content and what became of it.
type normalized struct{ src, html string }

// Name returns "partials".
func (s *partialsStep) Name() string { return "partials" }

// Concerns is true for every page and template.
func (s *partialsStep) Concerns(p string) bool { return path.Ext(p) == ".html" }

// templatesDir is the folder of the templates, below the sources.
const templatesDir = "app/"

// Run makes the script; a project without templates gets none.
func (s *partialsStep) Run(_ context.Context, w *Work) error {
	var urls []string
	files := map[string]string{}
	for _, file := range w.Sources() {
		if u := w.URL(file); strings.HasPrefix(u, templatesDir) && path.Ext(u) == ".html" {
			urls, files[u] = append(urls, u), file
		}
	}
	if len(urls) == 0 {
		return nil
	}
	slices.SortFunc(urls, byFolder)
	module, err := s.module(w)
	if err != nil || module == "" {
		return err
	}
	root := orDefault(s.layout.hints.root, "app")
	templates := make([]angular.Template, 0, len(urls))
	for _, u := range urls {
		src, err := w.Read(files[u])
		if err != nil {
			return err
		}
		templates = append(templates, angular.Template{
			URL: path.Join(root, strings.TrimPrefix(u, templatesDir)), HTML: s.normalize(u, string(src)),
		})
	}
	w.Emit(templatesName, angular.TemplateCache(templates, angular.TemplateCacheOptions{Module: module}))
	return nil
}

// normalize tidies a template unless it is the one of the last time.
func (s *partialsStep) normalize(url, src string) string {
	if last, ok := s.done[url]; ok && last.src == src {
		return last.html
	}
	html := htmlmin.Normal(src)
	s.done[url] = normalized{src, html}
	return html
}

var ngApp = regexp.MustCompile(`(?:data-|x-)?ng-app\s*=\s*["']([^"']+)["']`)

// module returns the module that the templates go to: what the project's tasks say, else
// what its page starts. Without either there is nobody to ask the cache.
func (s *partialsStep) module(w *Work) (string, error) {
	if s.layout.hints.module != "" {
		return s.layout.hints.module, nil
	}
	for _, file := range w.Sources() {
		if w.URL(file) != "index.html" {
			continue
		}
		src, err := w.Read(file)
		if err != nil {
			return "", err
		}
		if m := ngApp.FindSubmatch(src); m != nil {
			return string(m[1]), nil
		}
	}
	return "", nil
}

package pipeline

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// named returns what pages and stylesheets of a built site name: file and address.
func named(t *testing.T, out string) (list [][2]string) {
	t.Helper()
	for _, f := range readTree(t, out) {
		file := strings.TrimPrefix(f.Name, "out/")
		add := func(address string) { list = append(list, [2]string{file, address}) }
		switch path.Ext(file) {
		case ".html":
			for _, tag := range htmlscan.Scan(f.Data).Tags {
				eachAddress(tag, add)
			}
		case ".css":
			eachURL(string(f.Data), add)
		}
	}
	return list
}

func eachAddress(tag htmlscan.Tag, fn func(address string)) {
	for _, a := range tag.Attrs {
		switch a.Name {
		case "src", "href":
			fn(a.Value)
		case "srcset":
			for source := range strings.SplitSeq(a.Value, ",") {
				fn(strings.Fields(source)[0])
			}
		case "style":
			eachURL(a.Value, fn)
		}
	}
}

func eachURL(sheet string, fn func(address string)) {
	lexer := css.NewLexer(parse.NewInputString(sheet))
	for {
		kind, text := lexer.Next()
		switch kind {
		case css.ErrorToken:
			return
		case css.URLToken:
			fn(unquoteURL(string(text)))
		}
	}
}

// oddNames are names of files, and how a page writes them.
func oddNames() map[string]string {
	return map[string]string{
		"a b": "a%20b", "a#b": "a%23b", "50%": "50%25", "q?": "q%3f", "(1)": "(1)", "it's": "it's", "é&": "é&amp;", "x,y": "x%2Cy", "a+b=c": "a+b=c",
	}
}

// oddSite is a page that names files of odd names in every way.
func oddSite() map[string]string {
	files := map[string]string{}
	var head, body, joinedCSS, joinedJS strings.Builder
	for name, address := range oddNames() {
		inSheet := strings.NewReplacer("'", "%27", "(", "%28", ")", "%29", "&amp;", "&").Replace(address)
		sheet := "a { background: url(../img/" + inSheet + ".png) } b { background: url('/img/" + inSheet + ".png?v#f') }"
		files["src/img/"+name+".png"] = "image " + name
		files["src/css/"+name+".css"], files["src/vendor/"+name+".css"] = sheet, sheet
		files["src/js/"+name+".js"], files["src/one/"+name+".js"] = "console.log(1)", "var x = 1"
		head.WriteString(`<link rel="stylesheet" href="css/` + address + `.css">`)
		body.WriteString(`<img src="img/` + address + `.png" srcset="/img/` + address + `.png 1x, img/` + address + `.png?2 2x">`)
		body.WriteString(`<p style="background: url(img/` + inSheet + `.png)"></p><script src="js/` + address + `.js"></script>`)
		joinedCSS.WriteString(`<link rel="stylesheet" href="vendor/` + address + `.css">`)
		joinedJS.WriteString(`<script src="one/` + address + `.js"></script>`)
	}
	files["src/index.html"] = "<!doctype html><head>" + head.String() + "\n<!-- build:css styles/v.css -->" + joinedCSS.String() + "<!-- endbuild -->\n</head>" +
		"<body>" + body.String() + "\n<!-- build:js scripts/v.js -->" + joinedJS.String() + "<!-- endbuild -->\n</body>"
	return files
}

// A browser asks for what an address says, decoded; in a list of images an address ends
// at a space.
func TestFilesOfAnyNameAreFoundInTheBuiltSite(t *testing.T) {
	for _, base := range []string{"/", "./", "/sub/"} {
		report := mustBuild(t, t.Context(), BuildOptions{Dir: project(t, oddSite()), Base: base})
		if len(report.Diagnostics) > 0 {
			t.Errorf("base %s: %v", base, report.Diagnostics)
		}
		list := named(t, report.Out)
		if want := len(oddNames()) * 9; len(list) < want {
			t.Errorf("base %s: only %d addresses, want %d: %q", base, len(list), want, list)
		}
		for _, n := range list {
			file, address := n[0], n[1]
			u, err := url.Parse(address)
			if err != nil || strings.ContainsAny(address, " \t") {
				t.Errorf("base %s: %s names %q, which is no address: %v", base, file, address, err)
				continue
			}
			at, rooted := strings.CutPrefix(u.Path, base)
			if !rooted || base == "./" {
				at = path.Join("/", path.Dir(file), at)
			}
			if _, err := os.Stat(filepath.Join(report.Out, filepath.FromSlash(at))); err != nil {
				t.Errorf("base %s: %s names %q, which is not there: %v", base, file, address, err)
			}
		}
	}
}

// The order of scripts is looked for only where a page takes them all.
func TestScriptsAreNotReadForAPageThatListsItsOwn(t *testing.T) {
	files := map[string]string{
		"src/js/one.js": "var one = 1", "src/js/module.js": "import './other.js';", "src/js/other.js": "export default 1;",
		"src/index.html": "<!doctype html><script type=module src=js/module.js></script>\n<!-- build:js all.js -->\n<script src=js/one.js></script>\n<!-- endbuild -->\n",
	}
	if report := mustBuild(t, t.Context(), BuildOptions{Dir: project(t, files)}); len(report.Diagnostics) > 0 {
		t.Errorf("told %v", report.Diagnostics)
	}
}

func TestInjectedFilesOfAnyNameAreFound(t *testing.T) {
	files := map[string]string{"src/index.html": "<!doctype html><head>\n<!-- inject:css -->\n<!-- endinject -->\n</head>\n<!-- inject:js -->\n<!-- endinject -->\n"}
	for name := range oddNames() {
		files["src/app/"+name+".js"], files["src/app/"+name+".css"] = "var x = 1", "a { b: c }"
	}
	dir := project(t, files)
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	if len(report.Diagnostics) > 0 {
		t.Errorf("told %v", report.Diagnostics)
	}
	if got, want := len(named(t, report.Out)), 2*len(oddNames()); got != want {
		t.Errorf("%d files are injected, want %d", got, want)
	}
	for _, n := range named(t, report.Out) {
		u, err := url.Parse(n[1])
		if err != nil {
			t.Errorf("%s names %q: %v", n[0], n[1], err)
			continue
		}
		if _, err := os.Stat(filepath.Join(report.Out, filepath.FromSlash(u.Path))); err != nil {
			t.Errorf("%s names %q, which is not there: %v", n[0], n[1], err)
		}
	}
}

package htmlmin_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

func minified(t *testing.T, page string, opts htmlmin.Options) string {
	t.Helper()
	out, err := htmlmin.Minify([]byte(page), opts)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestMinifyTakesOnlyWhatNobodySees(t *testing.T) {
	for _, c := range []struct {
		name, src, want string
		opts            htmlmin.Options
	}{
		{"space", "<p>\n  a   b  </p>\n\n<my-tag> c </my-tag>", "<p>\na b </p>\n<my-tag> c </my-tag>", htmlmin.Options{}},
		{"comments", "<p>a<!-- b -->c</p>", "<p>ac</p>", htmlmin.Options{}},
		{"comments that stay", "<p>a<!-- b -->c</p>", "<p>a<!-- b -->c</p>", htmlmin.Options{KeepComments: true}},
		{"conditional comments", "<!--[if IE]><p>old</p><![endif]-->", "<!--[if IE]><p>old</p><![endif]-->", htmlmin.Options{}},
		{"expressions", "<p title=\"{{ a  +  'b  c' }}\">{{ a  |  b:'  ' }}</p>", "<p title=\"{{ a  +  'b  c' }}\">{{ a  |  b:'  ' }}</p>", htmlmin.Options{}},
		{"values that are the default", `<input type="text"><script type="text/javascript"></script><form method="get"></form>`, `<input type="text"><script type="text/javascript"></script><form method="get"></form>`, htmlmin.Options{}},
		{"text of its own kind", "<pre>\n a  b\n</pre><textarea>\n a  b\n</textarea><script type=\"text/ng-template\"><p>  x  </p></script>", "<pre>\n a  b\n</pre><textarea>\n a  b\n</textarea><script type=\"text/ng-template\"><p>  x  </p></script>", htmlmin.Options{}},
		{"attributes that mean something elsewhere", `<my-dialog open="vm.isOpen" multiple="vm.many" for="a  ||  b" name="" class=""></my-dialog>`, `<my-dialog open="vm.isOpen" multiple="vm.many" for="a  ||  b" name class></my-dialog>`, htmlmin.Options{}},
		{"an empty action", `<form action="" onsubmit="">x</form>`, `<form action onsubmit>x</form>`, htmlmin.Options{}},
		{"patterns", `<input pattern="a  b" value=" x  y ">`, `<input pattern="a  b" value=" x  y ">`, htmlmin.Options{}},
		{"entities of values", `<a title="a&nbsp;b&lt;c">x</a>`, `<a title="a&nbsp;b&lt;c">x</a>`, htmlmin.Options{}},
		{"space among attributes", "<a\n  href=x\n  class=\" a\n   b \"  b='c'd=1 />", `<a href=x class="a b" b='c' d=1>`, htmlmin.Options{}},
		{"attributes that are expressions", `<a  {{ x  ?  'a' : 'b' }}  c="d">x</a>`, `<a {{ x  ?  'a' : 'b' }}  c="d">x</a>`, htmlmin.Options{}},
		{"a page with marks like ours", `<a x-0 b>x-1</a><i x-1="2"></i>`, `<a x-0 b>x-1</a><i x-1="2"></i>`, htmlmin.Options{}},
		{"drawings", `<svg viewBox="0 0"><path d="M  0"/></svg>`, `<svg viewBox="0 0"><path d="M  0"/></svg>`, htmlmin.Options{}},
		{"empty attributes", `<div ng-app="" ui-view class="" ng-class="{}">x</div>`, `<div ng-app ui-view class ng-class="{}">x</div>`, htmlmin.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, minified(t, c.src, c.opts)); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
		})
	}
}

var (
	runs     = regexp.MustCompile(`[ \t\n\f\r]+`)
	comments = regexp.MustCompile(`<!--.*?-->`)
)

// collapsed is a text as a browser shows it.
func collapsed(parent *html.Node, text string) string {
	if parent != nil && (parent.Data == "pre" || parent.Data == "textarea" || parent.Data == "script" || parent.Data == "style") {
		return text
	}
	return runs.ReplaceAllString(text, " ")
}

func TestMinifiedPagesMeanWhatTheyMeant(t *testing.T) {
	for _, expressions := range []bool{false, true} {
		eachPage(t, expressions, func(t *testing.T, page string) {
			page = "<div>" + page + "</div>" // nobody sees space around everything
			// A comment that goes joins the texts around it, so the trees are those of
			// pages that never had any.
			small := minified(t, page, htmlmin.Options{})
			want := tree(t, comments.ReplaceAllString(page, ""), meaning, collapsed)
			got := tree(t, comments.ReplaceAllString(small, ""), meaning, collapsed)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the tree changed (-before +after):\n%s%s", diff, small)
			}
			if len(small) > len(page) {
				t.Errorf("%d bytes became %d", len(page), len(small))
			}
			if again := minified(t, small, htmlmin.Options{}); again != small {
				t.Errorf("once %s\ntwice %s", small, again)
			}
		})
	}
}

// opensTag matches what browsers take for a tag wherever it stands: no expression of
// theirs has it.
var opensTag = regexp.MustCompile(`<[A-Za-z/!?]`)

func FuzzMinifyKeepsExpressions(f *testing.F) {
	for _, seed := range []string{"{{ a  + \"b\" }}", "{{ a < b }}", "{{ {a: {b: 1}} }}", "<p>{{ x }}</p>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, inner string) {
		if strings.ContainsAny(inner, "{}\x00\r") || opensTag.MatchString(inner) {
			t.Skip()
		}
		expression := "{{" + inner + "}}"
		if got := minified(t, "<p>"+expression+"</p>", htmlmin.Options{}); !strings.Contains(got, expression) {
			t.Errorf("%q became %q", expression, got)
		}
	})
}

// FuzzMinifyKeepsTags checks that each tag of a page is there afterwards, with its
// attributes, however odd the page is.
func FuzzMinifyKeepsTags(f *testing.F) {
	for _, seed := range []string{
		`<a open="x" class=" a  b ">{{ "<b c='d'>" }}</a>`, `<p title={{ a > b }}>`, `<a b="c`, `<script a="</script>">x</script>`,
		`<svg a="b"><p c='d'/></svg>`, `<select a=b> <option c=d>x</select>`, `<noscript><img a=b></noscript>`, `<a =b ==c "d" '=>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		if strings.Contains(page, "<!") || strings.Contains(page, "{{") || strings.ContainsRune(page, 0) || isCutOff(page) {
			t.Skip()
		}
		if diff := cmp.Diff(tagsOf(page), tagsOf(minified(t, page, htmlmin.Options{}))); diff != "" {
			t.Errorf("tags of %q (-before +after):\n%s", page, diff)
		}
	})
}

// isCutOff reports whether a page may end within a tag.
func isCutOff(page string) bool {
	end := 0
	doc := htmlscan.Scan([]byte(page))
	for _, tag := range doc.Tags {
		end = max(end, tag.Span.End)
	}
	for _, tag := range doc.Ends {
		end = max(end, tag.Span.End)
	}
	return strings.Contains(page[end:], "<")
}

func tagsOf(page string) []string {
	var out []string
	for _, tag := range htmlscan.Scan([]byte(page)).Tags {
		if len(tag.Attrs) == 0 && (tag.Name == "script" || tag.Name == "style") && tag.Content.Start == tag.Content.End {
			continue // an empty script does nothing, and goes
		}
		line := tag.Name
		for _, a := range tag.Attrs {
			line += " " + a.Name + "|" + strings.Join(strings.Fields(a.Value), " ")
		}
		out = append(out, line)
	}
	return out
}

package htmlmin_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
)

// The wanted texts are what html-minifier 3.5.21 gives for the same templates with
// ignoreCustomFragments: [/{{.*?}}/].
func TestNormalWritesWhatHTMLMinifierWrites(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`<P CLASS="a  b">x</P>`, `<p class="a b">x</p>`},
		{"<p class=\"\n a\tb \">x</p>", "<p class=\"a\tb\">x</p>"},
		{`<p class=" ">x</p>`, `<p class="">x</p>`},
		{`<p class=" a"></p>`, `<p class="a"></p>`},
		{`<input disabled>`, `<input disabled="disabled">`},
		{`<input ng-disabled ng-model=x>`, `<input ng-disabled ng-model="x">`},
		{`<a {{x}} b></a>`, `<a {{x}} b></a>`},
		{`<a {{ x ? 'a' : 'b' }} c="{{d}}"></a>`, `<a {{ x ? 'a' : 'b' }} c="{{d}}"></a>`},
		{`<a href=" {{ x }} "></a>`, `<a href=" {{ x }} "></a>`},
		{`<a class=" {{ x }}  b {{y}}  c{{d}}"></a>`, `<a class=" {{ x }}  b {{y}}  c{{d}}"></a>`},
		{`<a class="{{a}}{{b}} "></a>`, `<a class="{{a}}{{b}} "></a>`},
		{`<a title='a"b' x="c'd" y='"' z="'"></a>`, `<a title='a"b' x="c'd" y='"' z="'"></a>`},
		{`<a title="a&quot;b" u='it"s &#39; "'></a>`, `<a title="a&quot;b" u='it"s &#39; "'></a>`},
		{`<div ng-class="{ 'a': b }"   id = x ></div>`, `<div ng-class="{ 'a': b }" id="x"></div>`},
		{`<div ng-class='{ "a": b }'></div>`, `<div ng-class='{ "a": b }'></div>`},
		{`<style> a { } </style><script> var x = "<B>"; </script>`, `<style> a { } </style><script> var x = "<B>"; </script>`},
		{`<script type="text/ng-template" id="x"><DIV  CLASS=" a "></DIV></script>`, `<script type="text/ng-template" id="x"><DIV  CLASS=" a "></DIV></script>`},
		{`<script type=" text/x ; charset=utf-8 " src=" x.js " async defer></script>`, `<script type="text/x;charset=utf-8" src="x.js" async defer="defer"></script>`},
		{`<!doctype HTML><HTML><BODY></BODY></HTML>`, `<!doctype HTML><html><body></body></html>`},
		{`<!-- x --><!--[if IE]><P  ><![endif]--><br>`, `<!-- x --><!--[if IE]><P  ><![endif]--><br>`},
		{`<br/><img src=a /><hr />`, `<br><img src="a"><hr>`},
		{"<TD colspan=\" 2 \">x</TD ><p></p  ><P></P\n>", `<td colspan="2">x</td><p></p><p></p>`},
		{`<meta name="viewport" content="width=device-width , initial-scale=1.00, a=2.50,b=0.5000">`, `<meta name="viewport" content="width=device-width,initial-scale=1,a=2.5,b=0.5">`},
		{`<meta name="VIEWPORT" content="a, b=1.00">`, `<meta name="VIEWPORT" content="a, b=1.00">`},
		{`<meta name="description" content="a, b=1.00">`, `<meta name="description" content="a, b=1.00">`},
		{`<a style=" a:b ; "></a><a style="a:b;c:d"></a><a style=" "></a>`, `<a style="a:b;"></a><a style="a:b;c:d"></a><a style=""></a>`},
		{`<a onclick=" javascript: x() " ng-click=" y() " on-x=" z "></a>`, `<a onclick="x()" ng-click=" y() " on-x=" z "></a>`},
		{`<a href="javascript: x" ng-href=" x " src=" y "></a>`, `<a href="javascript: x" ng-href=" x " src=" y "></a>`},
		{`<img src=" a " alt=" b " srcset=" a 1x, b 2.0x , c 300w,d  ">`, `<img src="a" alt=" b " srcset="a, b 2x, c 300w,d">`},
		{`<picture><source srcset="a  1x ,b 1.50x" media=" print "></picture>`, `<picture><source srcset="a, b 1.5x" media=" print "></picture>`},
		{`<div srcset=" a 1x "></div>`, `<div srcset=" a 1x "></div>`},
		{`<form action=" x "><input type=" text " value=" x " maxlength=" 3 " tabindex=" 1 "></form>`, `<form action="x"><input type=" text " value=" x " maxlength="3" tabindex="1"></form>`},
		{`<blockquote cite=" x "></blockquote><object data=" x "></object><div data=" x " cite=" y "></div>`, `<blockquote cite="x"></blockquote><object data="x"></object><div data=" x " cite=" y "></div>`},
		{`<textarea rows=" 2 "> a </textarea><select size=" 2 "></select><div rows=" 2 "></div>`, `<textarea rows="2"> a </textarea><select size="2"></select><div rows=" 2 "></div>`},
		{`<a>&nbsp;&lt; &amp</a>`, `<a>&nbsp;&lt; &amp</a>`},
		{`<p>{{ a < b }}</p><p title="{{ a < b }}"></p>`, `<p>{{ a < b }}</p><p title="{{ a < b }}"></p>`},
		{`<a b="" c='' d class="" e></a>`, `<a b="" c="" d class="" e></a>`},
		{`<my-El some-Attr="X" (click)="x" [b]="c" *d="e" #f @g="h"></my-El>`, `<my-el some-attr="X" (click)="x" [b]="c" *d="e" #f @g="h"></my-el>`},
		{`<a href="a&amp;b&c"></a>`, `<a href="a&amp;b&c"></a>`},
		{`<a b=c/></a><a b="1"c="2"></a>`, `<a b="c/"></a><a b="1" c="2"></a>`},
		{`<button autofocus required hidden async checked readonly MULTIPLE></button>`, `<button autofocus required hidden async checked="checked" readonly="readonly" multiple="MULTIPLE"></button>`},
		{`<svg viewBox="0 0 1 1"><linearGradient id=a /><clipPath></clipPath><PATH D="m"/></svg><DIV></DIV>`, `<svg viewBox="0 0 1 1"><linearGradient id="a"/><clipPath></clipPath><PATH D="m"/></svg><div></div>`},
		{`<svg><svg></svg><linearGradient/></svg><DIV></DIV>`, `<svg><svg></svg><linearGradient/></svg><div></div>`},
		{`<svg><foreignObject><DIV onClick="a"></DIV></foreignObject></svg><P></P>`, `<svg><foreignObject><DIV onClick="a"></DIV></foreignObject></svg><p></p>`},
		{"<pre>\n  x </pre>", "<pre>\n  x </pre>"},
		{"<p\n\tx=1\n y=2>a\n  b</p>", "<p x=\"1\" y=\"2\">a\n  b</p>"},
	} {
		if got := htmlmin.Normal(c.src); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

// What the old tool makes of these is no longer what their author wrote.
func TestNormalLeavesWhatTheOldToolBroke(t *testing.T) {
	for _, src := range []string{
		`<math><mspace/><mi>x</mi></math>`,
		`<div><p>open`,
		`</div>a < b && c > d`,
		`<textarea> <B> </textarea>`,
		"<p class=\"a\u00a0b\">x</p>",
		"<p title=\"\u0130\"></p><svg viewBox=\"0\"><linearGradient/></svg>",
	} {
		if got := htmlmin.Normal(src); got != src {
			t.Errorf("%s became %s", src, got)
		}
	}
}

func TestNamesThatGrowInLowerCaseMoveNothing(t *testing.T) {
	const src = "<x-\u0130 a=1>\u212a</x-\u0130><svg><clipPath/></svg><B>x</B>"
	if got, want := htmlmin.Normal(src), "<x-\u0130 a=\"1\">\u212a</x-\u0130><svg><clipPath/></svg><b>x</b>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// writer makes random templates. They are well formed: what a parser would move about is
// not what these tests are after.
type writer struct {
	*rand.Rand
	strings.Builder
	expressions bool // {{ }} among the text and the values
}

func pick[T any](w *writer, list ...T) T { return list[w.IntN(len(list))] }

func (w *writer) nodes(depth int) {
	for range w.IntN(5) {
		switch k := w.IntN(12); {
		case k < 5 && depth > 0:
			w.element(depth)
		case k < 6:
			w.WriteString(pick(w, "<br/>", "<BR>", "<hr />", "<input disabled>", "<img src=' a.png ' alt=x>"))
		case k < 7:
			w.WriteString(pick(w, "<!-- a -- b -->", "<!--[if IE]><p><![endif]-->", "<!---->"))
		case k < 8:
			w.WriteString(pick(w, "<pre>\n a  b\n</pre>", "<script>if (a < b) {  x(\"</p>\") }</script>",
				"<style>a  {  color:  red }</style>", "<textarea> <B>  </textarea>",
				"<svg viewBox='0 0 1 1'><linearGradient id=g /><PATH d='M 0'/></svg>"))
		case k < 9 && w.expressions:
			w.WriteString(pick(w, "{{ a  <  b }}", "{{::x}}", "{{ {a: 1}['a'] | json }}"))
		default:
			w.WriteString(pick(w, " ", "\n\t", "text", " a  b ", "&nbsp;&lt;&amp", "\u00e9\u6f22\U0001f600", "a &copy b", "'\""))
		}
	}
}

func (w *writer) element(depth int) {
	name := pick(w, "div", "DIV", "span", "Section", "my-element", "b", "em")
	w.WriteString("<" + name)
	for _, attr := range []string{"class", "ID", "ng-if", "style", "data-x", "onclick", "title", "srcset", "href"} {
		if w.IntN(4) > 0 {
			continue
		}
		w.WriteString(pick(w, " ", "  ", "\n\t") + attr)
		w.WriteString(pick(w, "", "="+pick(w, "1", "x/y", "a&amp;b"), pick(w, " = ", "=")+w.quoted()))
	}
	w.WriteString(pick(w, ">", " >"))
	w.nodes(depth - 1)
	w.WriteString("</" + name + pick(w, ">", " >"))
}

func (w *writer) quoted() string {
	var value strings.Builder
	for range w.IntN(4) {
		value.WriteString(pick(w, "a", " b  c ", "&quot;", "&#39;", "&amp;", "x > y", ";", "\n"))
		if w.expressions {
			value.WriteString(pick(w, "", "{{ a  }}", " {{ b ? 1 : 2 }} "))
		}
	}
	if w.IntN(2) == 0 {
		return `"` + value.String() + pick(w, "", "it's") + `"`
	}
	return `'` + value.String() + pick(w, "", `say "x"`) + `'`
}

// eachPage calls fn with random pages; what fails says which.
func eachPage(t *testing.T, expressions bool, fn func(t *testing.T, page string)) {
	t.Helper()
	for seed := range uint64(150) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 7)), expressions: expressions}
		w.nodes(4)
		if fn(t, w.String()); t.Failed() {
			t.Fatalf("seed %d: %s", seed, w.String())
		}
	}
}

// tree prints what a browser makes of a template: elements, attributes, texts.
func tree(t *testing.T, page string, value func(element, attr, value string) string, text func(parent *html.Node, text string) string) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(page), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var walk func(n *html.Node, indent string)
	walk = func(n *html.Node, indent string) {
		switch n.Type {
		case html.ElementNode:
			fmt.Fprintf(&out, "%s%s", indent, n.Data)
			for _, a := range n.Attr {
				fmt.Fprintf(&out, " %s=%q", a.Key, value(n.Data, a.Key, a.Val))
			}
			out.WriteByte('\n')
		case html.TextNode:
			if s := text(n.Parent, n.Data); s != "" {
				fmt.Fprintf(&out, "%s%q\n", indent, s)
			}
		case html.CommentNode:
			fmt.Fprintf(&out, "%s<!--%s-->\n", indent, n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c, indent+" ")
		}
	}
	for _, n := range nodes {
		walk(n, "")
	}
	return out.String()
}

func asWritten(_ *html.Node, text string) string { return text }

// meaning takes out of a value what a browser does not see.
func meaning(element, attr, value string) string {
	switch attr {
	case "class":
		return strings.Join(strings.Fields(value), " ")
	case "style":
		return strings.ReplaceAll(strings.Join(strings.Fields(value), ""), " ", "")
	case "href", "src", "onclick":
		return strings.TrimSpace(value)
	case "disabled":
		return ""
	}
	return value
}

func TestNormalTemplatesMeanWhatTheyMeant(t *testing.T) {
	eachPage(t, true, func(t *testing.T, page string) {
		normal := htmlmin.Normal(page)
		if diff := cmp.Diff(tree(t, page, meaning, asWritten), tree(t, normal, meaning, asWritten)); diff != "" {
			t.Errorf("the tree changed (-before +after):\n%s%s", diff, normal)
		}
		if again := htmlmin.Normal(normal); again != normal {
			t.Errorf("once %s\ntwice %s", normal, again)
		}
	})
}

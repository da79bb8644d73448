package run

import (
	"testing"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// The wanted texts are what lodash 4.17.21 gives; "ERR" stands for an exception.
func TestTemplatesGiveWhatLodashGives(t *testing.T) {
	double := &gulp.Func{Call: func(args ...gulp.Value) (gulp.Value, error) { return args[0].(float64) * 2, nil }}
	data := newObject("a", "A", "b", "<b>&\"'", "o", newObject("x", 1.0), "l", list("p", "<q>"), "n", nil, "f", double)
	for _, c := range []struct{ template, want string }{
		{"<%= a %>", "A"},
		{"<%=a%>", "A"},
		{"<%- b %>", "&lt;b&gt;&amp;&quot;&#39;"},
		{"${a}", "A"},
		{"${ a }", "A"},
		{"${ o.x }", "1"},
		{"<% if (a) { %>y<% } else { %>n<% } %>", "y"},
		{"<% for (var i=0;i<2;i++) { %><%= i %>,<% } %>", "0,1,"},
		{"<% _.forEach(l, function(x){ %><%- x %>;<% }) %>", "p;&lt;q&gt;;"},
		{"it's \"q\" \\ back\\n", "it's \"q\" \\ back\\n"},
		{"a\nb\r\nc", "a\nb\r\nc"},
		{"<%= o.x + 1 %>", "2"},
		{"<%= l %>", "p,<q>"},
		{"<%= n %>", ""},
		{"<%= u %>", "ERR"},
		{"<%= \"%>\" %>", "ERR"},
		{"<%% x %>", "ERR"},
		{"<% print(\"p\") %>", "p"},
		{"<%= a %><%= a %>", "AA"},
		{"$a $ {a} \\${a}", "$a $ {a} \\A"},
		{"<%= o[\"x\"] %>", "1"},
		{"<%= l.length %>", "2"},
		{"<%= f(2) %>", "4"},
		{"<%= a ? 1 : 2 %>", "1"},
		{"<%= JSON.stringify(o) %>", "{\"x\":1}"},
		{"<%- \"<&\\\"'>`\" %>", "&lt;&amp;&quot;&#39;&gt;`"},
		{"<%- n %>", ""},
		{"{{ a }}", "{{ a }}"},
		{"<%=\n a\n %>", "A"},
		{"<%= `t${a}` %>", "tA"},
		{"<%= a.b %>", ""},
		{"<% var z = 3; %><%= z %>", "3"},
		{"<%= typeof q %>", "undefined"},
		{"\u2028x", "\u2028x"},
		{"é漢😀", "é漢😀"},
		{"<%= obj.a %>", "A"},
		{"<% a %>x", "x"},
		{"<%= true %><%= 0 %><%= \"\" %>", "true0"},
		{"<%- {} %>", "[object Object]"},
		{"<%= [1,[2,3]] %>", "1,2,3"},
		{"<%= new Date(0).getTime() %>", "0"},
		{"< % a %>", "< % a %>"},
		{"<%=a", "<%=a"},
		{"a %>", "a %>"},
		{"<%#c%>", "ERR"},
		{"<%= 1e21 %> <%= 0.1+0.2 %> <%= -0 %>", "1e+21 0.30000000000000004 0"},
	} {
		got, err := render(c.template, data)
		if err != nil {
			got = "ERR"
		}
		if got != c.want {
			t.Errorf("%q gives %q (%v), want %q", c.template, got, err, c.want)
		}
	}
}

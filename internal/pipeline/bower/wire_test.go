package bower

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var wired = &Result{Files: []string{"/p/bower_components/a/a.js", "/p/bower_components/b.js", "/p/bower_components/c/c.css", "/p/bower_components/d/_d.scss"}}

func TestBlocksAreWiredInTheHabitsOfTheirFile(t *testing.T) {
	tests := []struct{ name, file, src, want string }{
		{
			"a page", "src/index.html",
			"<link href='x.css'>\r\n<script src='x.js'></script>\r\n\t<!-- bower:js -->\r\n\told\r\n\t<!-- endbower -->\r\n",
			"<link href='x.css'>\r\n<script src='x.js'></script>\r\n\t<!-- bower:js -->\r\n" +
				"\t<script src='../bower_components/a/a.js'></script>\r\n\t<script src='../bower_components/b.js'></script>\r\n\t<!-- endbower -->\r\n",
		},
		{
			"quotes of the block itself", "index.html",
			"<!-- bower -->\n<script src='old'></script><!-- endbower --> <!--bower:css--><!--endbower-->",
			"<!-- bower -->\n<script src='bower_components/a/a.js'></script>\n<script src='bower_components/b.js'></script>\n<!-- endbower --> <!--bower:css-->\n <link rel=\"stylesheet\" href=\"bower_components/c/c.css\" />\n <!--endbower-->",
		},
		{"nothing of that type", "x.html", "  <!-- bower:less -->old<!-- endbower -->", "  <!-- bower:less -->\n  <!-- endbower -->"},
		{"scss", "src/app/index.scss", "// bower:scss\nold\n// endbower\n$x: 1;", "// bower:scss\n@import \"../../bower_components/d/_d.scss\";\n// endbower\n$x: 1;"},
		{"sass", "app/i.sass", "// bower:css\n// endbower", "// bower:css\n@import ../bower_components/c/c.css\n// endbower"},
		{"a list of karma's", "karma.conf.js", "files: [\n  // bower:js\n  // endbower\n]", "files: [\n  // bower:js\n  \"bower_components/a/a.js\",\n  \"bower_components/b.js\",\n  // endbower\n]"},
		{"haml", "a.haml", "-# bower:css\n-# endbower", "-# bower:css\n%link{rel:'stylesheet', href:'bower_components/c/c.css'}\n-# endbower"},
		{"open", "a.html", "<!-- bower:js --> and no end", "<!-- bower:js --> and no end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Wiring{Result: wired}.Wire(tt.src, "/p/"+tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("wired (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddressesAndLinesMayBeMadeByTheCaller(t *testing.T) {
	w := Wiring{
		Result:  wired,
		Rewrite: func(address string) (string, error) { return strings.TrimPrefix(address, "../"), nil },
		Replace: map[string]func(string) (string, error){"js": func(a string) (string, error) { return "load(" + a + ")", nil }},
	}
	got, err := w.Wire("<!-- bower:js --><!-- endbower -->\n<!-- bower:css --><!-- endbower -->", "/p/src/x.php")
	want := "<!-- bower:js -->\nload(bower_components/a/a.js)\nload(bower_components/b.js)\n<!-- endbower -->\n<!-- bower:css -->\n<link rel=\"stylesheet\" href=\"bower_components/c/c.css\" />\n<!-- endbower -->"
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("wired (-want +got):\n%s%v", diff, err)
	}
}

// FuzzWire fills blocks twice: what is filled stays as it is.
func FuzzWire(f *testing.F) {
	f.Add("<!-- bower:js --> \r\n <!-- endbower -->", ".html")
	f.Add("x // bower:scss\n// endbower // bower:css", ".scss")
	f.Add("<!-- bower:css --><!-- bower:js --><link href='x'><!-- endbower -->", ".htm")
	f.Fuzz(func(t *testing.T, src, ext string) {
		w := Wiring{Result: wired}
		once, err := w.Wire(src, "/p/x"+ext)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(once, "\r\n") > 0 != (strings.Count(src, "\r\n") > 0) {
			t.Errorf("%q: other line ends in %q", src, once)
		}
		if _, err := w.Wire(once, "/p/x"+ext); err != nil {
			t.Fatal(err)
		}
	})
}

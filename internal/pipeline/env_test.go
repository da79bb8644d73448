package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentFilesWeighAsTheirNamesSay(t *testing.T) {
	t.Setenv("VITE_SHELL", "from the shell")
	dir := project(t, map[string]string{
		".env":                  "VITE_A=1\nVITE_B=1\nVITE_C=1\nVITE_D=1\nVITE_SHELL=file\nPASSWORD=x\nAPP_E=1\n",
		".env.local":            "VITE_B=2\nVITE_C=2\nVITE_D=2\n",
		".env.production":       "export VITE_C=3\nVITE_D=3 # comment\n",
		".env.production.local": "VITE_D='4'\nVITE_ALL=$VITE_A-${VITE_B}\n",
		".env.development":      "VITE_A=never\n",
	})
	got, found := envRules{prefixes: []string{"APP_"}}.read(dir, inProduction)
	want := map[string]string{
		"VITE_A": "1", "VITE_B": "2", "VITE_C": "3", "VITE_D": "4", "VITE_ALL": "1-2", "VITE_SHELL": "from the shell", "APP_E": "1",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(found) > 0 {
		t.Errorf("values (-want +got):\n%s\n%v", diff, found)
	}
}

func TestEnvironmentFilesAreWhereViteLooks(t *testing.T) {
	l, err := Detect(project(t, map[string]string{
		"vite.config.js": "export default { root: 'web', envDir: '../env', envPrefix: 'APP_' }", "web/index.html": "<!doctype html>",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"env/.env", "env/.env.local", "env/.env.development", "env/.env.development.local"}
	if diff := cmp.Diff(want, l.EnvFiles()); diff != "" || !l.env.shows("APP_X") {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestEditOfAnEnvironmentFileCountsAtOnce(t *testing.T) {
	dir := project(t, map[string]string{
		".env":           "VITE_A=1\n",
		"src/index.html": `<!doctype html><title>%VITE_A%</title><script type="module" src="main.js"></script>`,
		"src/main.js":    "import './other.js';\nconsole.log(import.meta.env.VITE_A);\n",
		"src/other.js":   "console.log(1);\n",
	})
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range []edited{
		{"a value", ".env", "VITE_A=2\n", []string{".tmp/index.html", ".tmp/main.js"}, ""},
		{"a secret", ".env", "VITE_A=2\nB=1\n", nil, ""},
		{"a slip", ".env", "VITE_A\n", nil, `unexpected character "\n" in variable name near "VITE_A\n"`},
		{"its mending", ".env", "VITE_A=3\n", []string{".tmp/index.html", ".tmp/main.js"}, ""},
		{"one for this mode", ".env.development", "VITE_A=4\n", []string{".tmp/index.html", ".tmp/main.js"}, ""},
	} {
		check(t, p, dir, e)
	}
	if got := readFile(t, filepath.Join(dir, ".tmp/index.html")); !strings.Contains(got, "<title>4</title>") {
		t.Errorf("the page is %s", got)
	}
}

func TestBuildTakesTheValuesOfProduction(t *testing.T) {
	dir := project(t, map[string]string{
		".env":            "VITE_A=all\nVITE_B=all\nSECRET=hush\n",
		".env.production": "VITE_A=production\n",
		"src/index.html":  `<!doctype html><title>%VITE_A% %MODE%</title><script type="module" src="main.js"></script>`,
		"src/main.js":     "console.log(import.meta.env.VITE_A, import.meta.env.SECRET, import.meta.env.PROD, import.meta.env);\n",
		"src/other.html":  `<!doctype html><title>%VITE_A%</title>`,
	})
	mustBuild(t, t.Context(), BuildOptions{Dir: dir, NoMinify: true, Base: "/x/"})
	var all string
	for name, text := range snapshot(t, filepath.Join(dir, "dist")) {
		if ext := filepath.Ext(name); ext == ".js" || ext == ".html" {
			all += text
		}
	}
	for _, want := range []string{
		"<title>production production</title>", "<title>%VITE_A%</title>", `console.log("production", void 0, true, define_import_meta_env_default)`,
		`{ BASE_URL: "/x/", DEV: false, MODE: "production", PROD: true, SSR: false, VITE_A: "production", VITE_B: "all" }`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the output lacks %s:\n%s", want, all)
		}
	}
	if strings.Contains(all, "hush") {
		t.Errorf("the output has a secret:\n%s", all)
	}
}

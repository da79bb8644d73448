package run

import "testing"

func TestImportsOfManySheetsAreWrittenOut(t *testing.T) {
	dir := project(t, map[string]string{
		"css/main.scss":     "@import 'parts/*';\n  @import \"deep/**/*.scss\";\n@import 'one';\n",
		"css/parts/_b.scss": "", "css/parts/a.scss": "", "css/parts/a.txt": "", "css/deep/x/y.scss": "",
	})
	p := &planner{}
	p.task("styles", p.stream(p.op("gulp.src", "css/main.scss"), p.op("gulp-sass-glob"), p.op("gulp.dest", "out")))
	r := New(Options{Dir: dir, Plan: &p.plan})
	const want = "@import 'parts/_b.scss';\n@import 'parts/a.scss';\n  @import \"deep/x/y.scss\";\n@import 'one';\n"
	if files, said := mustRun(t, r, "styles"); files["out/main.scss"] != want || said != "" {
		t.Errorf("made %q, said %q", files["out/main.scss"], said)
	}
	write(t, dir, "css/parts/c.scss", "")
	r.opts.Disk.Forget(nil)
	if files, _ := mustRun(t, r, "styles"); files["out/main.scss"] == want {
		t.Error("a new sheet is not imported")
	}
}

package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// confTime bounds the evaluation of a configuration file: it is a list of assignments.
const confTime = time.Second

// confPrelude gives a configuration file what it may ask for: path, and stand-ins that
// accept everything and do nothing.
const confPrelude = `
var __nothing = new Proxy(function () {}, {
  get: function (t, k) { return typeof k === 'symbol' || k === 'then' ? undefined : __nothing; },
  apply: function () { return __nothing; }, construct: function () { return __nothing; }, set: function () { return true; }
});
var __path = {
  join: function () { return Array.prototype.filter.call(arguments, Boolean).join('/').replace(/\/+/g, '/').replace(/(^|\/)\.\//g, '$1'); },
  sep: '/'
};
__path.resolve = __path.join;
var module = { exports: {} }, exports = module.exports, __dirname = '.', __filename = 'conf.js';
var process = { env: {}, argv: [], cwd: function () { return '.'; } };
var console = __nothing;
function require(name) { return name === 'path' ? __path : __nothing; }
function __result() {
  var e = module.exports, w = e.wiredep || {};
  function text(v) { return typeof v === 'string' ? v : ''; }
  var paths = e.paths || {};
  return JSON.stringify({
    src: text(paths.src), dist: text(paths.dist), tmp: text(paths.tmp), module: text(e.ngModule), bower: text(w.directory),
    exclude: [].concat(w.exclude || []).map(function (r) { return r instanceof RegExp ? [r.source, r.flags] : null; }).filter(Boolean)
  });
}
`

// readConf takes the assignments of conf/gulp.conf.js or gulp/conf.js. A file that
// cannot be evaluated changes nothing: the defaults of its generator stay.
func (l *Layout) readConf(dir, name string) {
	l.Dist, l.Origin["dist"] = "dist", name
	src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return
	}
	result, ok := evaluateConf(string(src))
	if !ok {
		return
	}
	for _, f := range []struct {
		key, value string
		target     *string
	}{{"src", result.Src, &l.Src}, {"dist", result.Dist, &l.Dist}, {"tmp", result.Tmp, &l.Tmp}} {
		if f.value != "" {
			*f.target, l.Origin[f.key] = path.Clean(filepath.ToSlash(f.value)), placeOf(src, name, f.key)
		}
	}
	l.gulp.module, l.gulp.bowerDir = result.Module, result.Bower
	for _, e := range result.Exclude {
		if re, err := regexp.Compile(goPattern(e[0], e[1])); err == nil {
			l.gulp.exclude = append(l.gulp.exclude, re)
		}
	}
}

// placeOf names the line of the configuration on which a key of paths has its value; the
// file alone when that is not to be seen.
func placeOf(src []byte, name, key string) string {
	at := regexp.MustCompile(`['"]?\b` + key + `\b['"]?\s*:`).FindIndex(src)
	if at == nil {
		return name
	}
	return fmt.Sprintf("%s:%d", name, 1+bytes.Count(src[:at[0]], []byte("\n")))
}

// confResult is what __result returns.
type confResult struct {
	Src, Dist, Tmp, Module, Bower string
	Exclude                       [][2]string
}

func evaluateConf(src string) (result confResult, ok bool) {
	vm := goja.New()
	vm.SetMaxCallStackSize(1000)
	timer := time.AfterFunc(confTime, func() { vm.Interrupt("took too long") })
	defer timer.Stop()
	if _, err := vm.RunString(confPrelude); err != nil {
		return result, false
	}
	if _, err := vm.RunString(src); err != nil {
		return result, false
	}
	text, err := vm.RunString("__result()")
	if err != nil {
		return result, false
	}
	return result, json.Unmarshal([]byte(text.String()), &result) == nil
}

// goPattern writes a JavaScript regular expression for Go; what Go has not got is left
// out by the caller, because it does not compile.
func goPattern(source, flags string) string {
	source = strings.ReplaceAll(source, `\/`, `/`)
	if strings.Contains(flags, "i") {
		return "(?i)" + source
	}
	return source
}

package run_test

import (
	"strings"
	"testing"
)

// TestHintIsTheToolsOwnCommand: what node alone can do comes with the command that does it.
func TestHintIsTheToolsOwnCommand(t *testing.T) {
	for name, c := range map[string]struct{ stream, want string }{
		"pug": {
			`gulp.src('src/views/**/*.pug').pipe(require('gulp-pug')({ pretty: true, locals: { name: 'N' } }))`,
			`run: "npx -p pug-cli@1.0.0-alpha6 pug --out out --pretty -O '{\"name\":\"N\"}' src/views", on: ["src/views/**/*.pug"]`,
		},
		"pug, one folder": {
			`gulp.src(['./src/*.jade', '!src/_*.jade']).pipe(require('gulp-jade')())`,
			`run: "npx -p pug-cli@1.0.0-alpha6 pug --out out src/*.jade", on: ["src/*.jade", "!src/_*.jade"]`,
		},
		"coffee": {
			`gulp.src(__dirname + '/src/**/*.coffee').pipe(require('gulp-coffee')({ bare: true }))`,
			`run: "npx -p coffeescript coffee --compile --bare --output out src", on: ["src/**/*.coffee"]`,
		},
		"babel": {
			`gulp.src('src/*.js').pipe(require('gulp-babel')({ presets: ['@babel/env'], plugins: ['transform-runtime', 'inline-svg'] }))`,
			`run: "npx -p @babel/core -p @babel/cli babel src/*.js --out-dir out --presets=@babel/env --plugins=transform-runtime,inline-svg"`,
		},
		"postcss": {
			`gulp.src('src/css/*.css').pipe(require('gulp-postcss')([require('postcss-import')(), require('autoprefixer')({ grid: true })]))`,
			`run: "npx -p postcss -p postcss-cli postcss 'src/css/*.css' --dir out --base src/css --use postcss-import --use autoprefixer --no-map"`,
		},
		"stylus": {
			`gulp.src('src/*.styl').pipe(require('gulp-stylus')({ use: [require('nib')()], compress: true }))`,
			`run: "npx -p stylus stylus --use nib --compress src/*.styl --out out"`,
		},
		"typescript": {
			`gulp.src('src/*.ts').pipe(require('gulp-typescript')({ module: 'amd', outFile: 'all.js' }))`,
			`run: "npx -p typescript tsc --outFile out/all.js --module amd src/*.ts"`,
		},
		"nunjucks": {
			`gulp.src('src/pages/*.njk').pipe(require('gulp-nunjucks-render')())`,
			`run: "npx nunjucks-cli '*.njk' -p src/pages -o out"`,
		},
		"nobody knows it": {
			`gulp.src('src/*.x').pipe(require('gulp-x')())`,
			`let its own tool do it: pipeline: { tasks: [ { name: default, run: "npx gulp default", on: ["src/*.x"] } ] }`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := bundled(t, map[string]string{
				"package.json": `{"devDependencies": {"gulp": "^4.0.0"}}`,
				"gulpfile.js":  "const gulp = require('gulp');\ngulp.task('default', () => " + c.stream + ".pipe(gulp.dest('./out')));",
			})
			if len(found) != 1 || !strings.Contains(found[0].Hint, c.want) {
				t.Errorf("told %v with the hint\n%s\nwant\n%s", found, found[0].Hint, c.want)
			}
		})
	}
}

func TestHintForGulp3NamesNoProgramThatCannotRun(t *testing.T) {
	_, found := bundled(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "^3.9.1"}}`,
		"gulpfile.js":  "var gulp = require('gulp');\ngulp.task('default', function () { return gulp.src('src/*.x').pipe(require('gulp-x')()).pipe(gulp.dest('out')); });",
	})
	want := `a command of its own has to write into out what the task made: pipeline: { tasks: [ { name: default, run: "COMMAND", on: ["src/*.x"] } ] }`
	if len(found) != 1 || found[0].Hint != want {
		t.Errorf("told %v with the hint\n%s\nwant\n%s", found, found[0].Hint, want)
	}
}

package run

// passOps are plugins that let files pass as they are: they print, measure, check, cache,
// reload, or make smaller what is not read by a program.
func passOps(plugin string) opFunc {
	switch plugin {
	// gulp-cachebust puts hashes into names: what serve gives out needs none.
	case "gulp-cachebust.resources", "gulp-cachebust.references", "gulp-util.noop", "gulp-noop", "through2.obj", "through2", "readable-stream.PassThrough", "stream.PassThrough",
		"gulp-plumber", "gulp-plumber.stop", "gulp-size", "gulp-print", "gulp-debug", "gulp-notify", "gulp-notify.onError", "gulp-logger",
		"gulp-using", "gulp-filesize", "gulp-filelog", "gulp-count", "gulp-bytediff.start", "gulp-bytediff.stop", "gulp-complexity",
		"gulp-todo", "gulp-expect-file", "gulp-progress", "gulp-duration", "gulp-wait", "gulp-wait2", "gulp-if-else.noop",
		"gulp-eslint", "gulp-eslint.format", "gulp-eslint.formatEach", "gulp-eslint.failOnError", "gulp-eslint.failAfterError",
		"gulp-eslint.result", "gulp-eslint.results", "gulp-jshint", "gulp-jshint.reporter", "gulp-jshint.extract", "gulp-jscs",
		"gulp-jscs.reporter", "gulp-tslint", "gulp-tslint.report", "gulp-tslint.default", "gulp-jsonlint", "gulp-jsonlint.reporter",
		"gulp-jsonlint.report", "gulp-jsonlint.failOnError", "gulp-htmlhint", "gulp-htmlhint.reporter", "gulp-htmlhint.failReporter",
		"gulp-csslint", "gulp-csslint.reporter", "gulp-csslint.formatter", "gulp-csslint.failReporter", "gulp-scss-lint", "gulp-scss-lint.failReporter",
		"gulp-sass-lint", "gulp-sass-lint.format", "gulp-sass-lint.failOnError", "gulp-stylelint", "gulp-recess", "gulp-recess.reporter",
		"gulp-coffeelint", "gulp-coffeelint.reporter", "gulp-html5-lint", "gulp-htmllint", "gulp-standard", "gulp-standard.reporter",
		"gulp-xo", "gulp-xo.format", "gulp-w3cjs", "gulp-ng-lint", "gulp-eslint-new", "gulp-eslint-new.format", "gulp-eslint-new.formatEach",
		"gulp-eslint-new.failOnError", "gulp-eslint-new.failAfterError", "gulp-eslint-new.fix", "gulp-eslint7", "gulp-eslint7.format", "gulp-eslint7.failAfterError",
		"gulp-sizereport", "gulp-prompt.prompt", "gulp-prompt.confirm", "gulp-file-cache.filter", "gulp-file-cache.cache", "gulp-dependents",
		"gulp-prettify", "gulp-prettier", "gulp-jsbeautifier", "gulp-jsbeautify", "gulp-js-prettify", "gulp-html-prettify", "gulp-html-beautify",
		"gulp-beautify", "gulp-beautify.html", "gulp-beautify.css", "gulp-beautify.js", "gulp-cssbeautify", "gulp-csscomb", "gulp-line-ending-corrector",
		"gulp-strip-comments", "gulp-strip-css-comments", "gulp-remove-html-comments", "gulp-remove-empty-lines",
		"gulp-uncss", "gulp-purgecss", "gulp-purifycss", "gulp-group-css-media-queries", "gulp-combine-mq", "gulp-combine-media-queries", "gulp-shorthand",
		"gulp-cache", "gulp-cached", "gulp-memory-cache", "gulp-remember", "gulp-newer", "gulp-changed", "gulp-changed-in-place",
		"gulp-watch", "gulp-livereload", "gulp-livereload.changed", "gulp-livereload.reload", "gulp-refresh", "gulp-connect.reload",
		"gulp-connect-multi.reload", "browser-sync.stream", "browser-sync.reload", "browser-sync.reload.stream",
		"vinyl-buffer", "gulp-buffer", "gulp-stream-to-promise", "gulp-chmod", "gulp-chown", "gulp-eol",
		"gulp-imagemin", "gulp-image", "gulp-imageoptim.optimize", "gulp-image-optimization", "gulp-imagemin-changed", "gulp-svgmin",
		"gulp-tinypng", "gulp-tinypng-compress", "gulp-smushit", "imagemin-pngquant", "imagemin-jpegtran", "imagemin-optipng",
		"imagemin-gifsicle", "imagemin-svgo", "imagemin-mozjpeg", "gulp-imagemin.gifsicle", "gulp-imagemin.jpegtran", "gulp-imagemin.optipng", "gulp-imagemin.svgo":
		return func(_ *call, in []*file) ([]*file, error) { return in, nil }
	}
	if fn := endOps(plugin); fn != nil {
		return fn
	}
	switch plugin {
	case "gulp-clean", "gulp-rimraf", "gulp-clean-dest":
		return clean
	}
	return nil
}

// endOps are the ends of streams that make nothing for browsers: tests, servers, archives
// and deployments.
func endOps(plugin string) opFunc {
	switch plugin {
	case "karma", "gulp-karma", "gulp-karma-runner", "gulp-protractor", "gulp-protractor.protractor", "gulp-angular-protractor", "gulp-mocha",
		"gulp-jasmine", "gulp-jest", "gulp-qunit", "gulp-casperjs", "gulp-nightwatch", "gulp-webdriver", "gulp-istanbul",
		"gulp-istanbul.writeReports", "gulp-istanbul.hookRequire", "gulp-coveralls", "gulp-jsdoc", "gulp-jsdoc3", "gulp-ngdocs.process", "gulp-plato",
		"gulp-webserver", "gulp-server-livereload", "gulp-open", "gulp-shell", "gulp-exec", "gulp-run", "gulp-nodemon",
		"gulp-zip", "gulp-tar", "gulp-gzip", "gulp-gh-pages", "gulp-ssh", "gulp-ssh.dest", "gulp-sftp", "gulp-ftp", "vinyl-ftp.dest",
		"gulp-scp", "gulp-scp2", "gulp-rsync", "gulp-s3", "gulp-awspublish", "gulp-git.add", "gulp-git.commit", "gulp-bump", "gulp-tag-version",
		"gulp-install", "gulp-bower", "vinyl-paths", "gulp-help", "gulp-git.rm", "gulp-git.commit.amend", "concat-stream", "sassdoc",
		"gulp-protractor.webdriver_update", "gulp-protractor.webdriver_standalone", "gulp-protractor.webdriver":
		return func(*call, []*file) ([]*file, error) { return nil, nil }
	}
	return nil
}

// clean is gulp-clean: what the stream reads, folders too, is deleted.
func clean(c *call, in []*file) ([]*file, error) {
	if head := c.current.Prev; head != nil && isSource(head.Op.Plugin) && len(head.Op.Args) > 0 {
		c.r.view.remove(c.r.ruleOf(texts(head.Op.Args[0])))
	}
	return in, nil
}

package run

// Known reports whether a plugin, as [gulp.Op] names it, has a native counterpart.
func Known(plugin string) bool { return lookup(plugin) != nil }

// lookup returns what a plugin does; nil for one that nobody knows. Each family of
// plugins is one file with a function that answers for its own.
func lookup(plugin string) opFunc {
	families := [...]func(plugin string) opFunc{
		sourceOps,
		nameOps,
		joinOps,
		selectOps,
		orderOps,
		insertOps,
		replaceOps,
		revOps,
		angularOps,
		injectOps,
		userefOps,
		bundleOps,
		mapOps,
		styleOps,
		scriptOps,
		htmlOps,
		sassGlobOps,
		preprocessOps,
		processHTMLOps,
		fileIncludeOps,
		templateOps,
		cssOps,
		revAllOps,
		typescriptOps,
		svgOps,
		passOps,
	}
	for _, family := range families {
		if fn := family(plugin); fn != nil {
			return fn
		}
	}
	return nil
}

package pipeline

import "github.com/realtimectl/realtimectl/internal/pipeline/sheets"

// stepsFor returns the steps that a project of this layout needs, in the order in which
// they run. A project whose gulpfile is carried out needs no other of ours.
func stepsFor(layout Layout, dir string, settings *Settings, tasks []Task, compiler *sheets.Compiler) []Step {
	var steps []Step
	for _, t := range tasks {
		steps = append(steps, newTaskStep(t))
	}
	if settings != nil {
		steps = append(steps, &configStep{settings: *settings})
	}
	if layout.carriedOut() {
		return append(steps, newGulpStep(layout.Gulp, dir, compiler))
	}
	if !compileStyles(tasks) {
		steps = append(steps, newStylesStep(layout, compiler))
	}
	if !layout.wired() {
		return steps
	}
	return append(steps, &scriptsStep{last: map[string][]byte{}}, &partialsStep{layout: layout, done: map[string]normalized{}}, &injectStep{layout: layout, cache: newInfoCache(), listed: map[string]bool{}})
}

package pipeline

import (
	"log/slog"

	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// hookSteps are those that the project's own configuration asks for. They run before all
// others.
func hookSteps(settings *Settings, tasks []Task) []Step {
	var steps []Step
	for _, task := range tasks {
		steps = append(steps, newTaskStep(task))
	}
	if settings != nil {
		steps = append(steps, &configStep{settings: *settings})
	}
	return steps
}

// stepsFor returns the steps that a project of this layout needs, in the order in which
// they run. A project whose gulpfile is carried out needs no other of ours.
func stepsFor(layout Layout, t *tree, tasks []Task, compiler *sheets.Compiler, log *slog.Logger) []Step {
	if layout.carriedOut() {
		return []Step{newGulpStep(layout.Gulp, t, hookNames(tasks), compiler, log)}
	}
	var steps []Step
	if !compileStyles(tasks) {
		steps = append(steps, newStylesStep(layout, compiler))
	}
	if !layout.wired() {
		return steps
	}
	return append(steps, newScriptsStep(), &partialsStep{layout: layout, done: map[string]normalized{}}, &injectStep{layout: layout, cache: newInfoCache(), listed: map[string]bool{}})
}

package pipeline

// stepsFor returns the steps that a project of this layout needs, in the order in which
// they run.
func stepsFor(_ *tree, _ Layout) []Step { return nil }

//go:build race

package sheets

// racing says that the race detector watches, under which the engine is thirty times
// slower; what takes it long is left to the run without.
const racing = true

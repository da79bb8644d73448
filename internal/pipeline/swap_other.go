//go:build !linux

package pipeline

// swap puts the folder aside in the place of out.
func swap(aside, out string) error { return swapByRename(aside, out) }

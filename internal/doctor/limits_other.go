//go:build !unix

package doctor

// fileLimit: this system has no such limit.
func fileLimit() (uint64, bool) { return 0, false }

//go:build !race

package sheets

const racing = false

package main

import "context"

// onResize does nothing on Windows: back-ends have no terminal there.
func onResize(context.Context, func()) {}

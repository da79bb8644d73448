// Package run carries out what a gulpfile does, without node: the tasks of a [gulp.Plan]
// and the streams in them, each plugin by a native counterpart.
//
// Nothing is written: gulp.dest puts files into memory, where later streams find them
// before those on disk, and [Runner.Run] returns them. A run starts from the disk and
// from what other tasks have written in earlier runs, never from its own last output, so
// that the same project gives the same bytes.
//
// A plugin without a counterpart ends its stream, with a diagnostic that says where it
// stands and what to do; everything else goes on. A mistake in one of the user's files
// never stops the others; what a plugin last made of that file is used in the meantime.
//
// A [Runner] remembers what each plugin made of which bytes, as long as the next run asks
// for it again: an edit redoes what depends on it.
package run

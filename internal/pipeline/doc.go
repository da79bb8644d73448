// Package pipeline turns a project's sources into what browsers load.
//
// In development a [Pipeline] keeps the generated layer (".tmp") right while the user
// edits: [Pipeline.Start] makes it, [Pipeline.Rebuild] redoes what a batch of changed
// paths concerns. Each kind of work is one [Step] in one file. For a project that needs no
// work (plain files, ES modules that browsers understand) no ".tmp" appears.
//
// For production [Build] makes the output folder ("dist"): the same steps, their result
// kept in memory, then bundling, minifying, hashed names and compressed siblings.
//
// Three promises hold everywhere:
//   - Nothing of the user's is written: only the generated layer and the output folder.
//   - No reader meets half a file. Generated files are renamed into their place, and the
//     output folder is built aside and swapped in as one; a build that fails leaves the
//     last one as it was.
//   - The same tree gives the same bytes, whatever the folder, the time zone, the number
//     of processors or the order in which the system lists files.
//
// Mistakes in the user's files are returned as [diag.List], located in the source;
// other errors are those of the machine.
package pipeline

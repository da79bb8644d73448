package pipeline

import (
	"encoding/base64"

	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// joinedMap returns, in base64, the source map of joined scripts: where each line, and
// on each line every word, was written. It goes through the bundler; what the sources
// hold is added behind it.
func joinedMap(parts []part) string {
	var j sourcemap.Joiner
	for i, p := range parts {
		if i > 0 {
			j.Add(separator, nil)
		}
		var at, widths []int
		for _, in := range p.inserted {
			at, widths = append(at, in.At), append(widths, len(in.Text)) // nothing but ASCII
		}
		own := sourcemap.Of(p.name, p.source)
		own.Contents = nil
		j.Add(p.code, own.Inserted(p.source, at, widths))
	}
	return base64.StdEncoding.EncodeToString(j.Map().JSON())
}

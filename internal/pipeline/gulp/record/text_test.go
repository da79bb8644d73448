package record_test

import (
	"fmt"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// workText returns work in one line: "series(clean, parallel(styles, scripts))".
func workText(w gulp.Work) string {
	switch w := w.(type) {
	case gulp.TaskName:
		return string(w)
	case *gulp.Series:
		return "series(" + worksText(w.Of) + ")"
	case *gulp.Parallel:
		return "parallel(" + worksText(w.Of) + ")"
	case *gulp.Body:
		if w.Name == "" {
			return "function"
		}
		return w.Name
	}
	return "nothing"
}

func worksText(of []gulp.Work) string {
	parts := make([]string, len(of))
	for i, w := range of {
		parts[i] = workText(w)
	}
	return strings.Join(parts, ", ")
}

// actionText returns an action in one line.
func actionText(a gulp.Action) string {
	switch a := a.(type) {
	case *gulp.Stream:
		return a.Line(true)
	case *gulp.Delete:
		return "delete " + strings.Join(a.Globs, " ")
	case *gulp.Write:
		return fmt.Sprintf("write %s (%d bytes)", a.Path, len(a.Contents))
	case *gulp.Watch:
		text := "watch [" + strings.Join(a.Globs, " ") + "]"
		if a.Work != nil {
			text += " → " + workText(a.Work)
		}
		return text
	case *gulp.Server:
		return "server " + strings.TrimSpace(a.Kind+" "+optionsText(a.Options))
	case *gulp.Command:
		return "run " + a.Line
	case *gulp.Start:
		return "start " + workText(a.Work)
	case *gulp.Call:
		return "call " + (&gulp.Stream{Op: a.Op}).Line(true)
	}
	return fmt.Sprint(a)
}

func optionsText(list []gulp.Value) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = gulp.Text(v)
	}
	return strings.Join(parts, ", ")
}

package run

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// text returns a value as a string; "" for what is none.
func text(v gulp.Value) string {
	s, _ := v.(string)
	return s
}

// object returns a value as an object; nil, which has no keys, for what is none.
func object(v gulp.Value) *gulp.Object {
	o, _ := v.(*gulp.Object)
	return o
}

// truthy is JavaScript's idea of true.
func truthy(v gulp.Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && v == v
	case string:
		return v != ""
	}
	return true
}

// number returns a value as an int, or what counts where there is none.
func number(v gulp.Value, otherwise int) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n
		}
	}
	return otherwise
}

// has reports whether an object has a key, whatever its value.
func has(o *gulp.Object, key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.Values[key]
	return ok
}

// textOr returns the string under a key, or what counts without one.
func textOr(o *gulp.Object, key, otherwise string) string {
	if s, ok := o.Get(key).(string); ok {
		return s
	}
	return otherwise
}

// texts returns a string or the strings of an array, inner arrays too.
func texts(v gulp.Value) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []gulp.Value:
		var out []string
		for _, e := range v {
			out = append(out, texts(e)...)
		}
		return out
	}
	return nil
}

// values returns the elements of an array; one other value is an array of itself.
func values(v gulp.Value) []gulp.Value {
	switch v := v.(type) {
	case nil:
		return nil
	case []gulp.Value:
		return v
	}
	return []gulp.Value{v}
}

// arg returns an argument; nil if it was not given.
func (c *call) arg(i int) gulp.Value {
	if i < len(c.op.Args) {
		return c.op.Args[i]
	}
	return nil
}

// display is String(value).
func display(v gulp.Value) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []gulp.Value:
		parts := make([]string, len(v))
		for i, e := range v {
			if e != nil {
				parts[i] = display(e)
			}
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// matchString is String.match with a string, which becomes an expression; one that is
// none in Go is looked for as it stands.
func matchString(expression, s string) bool {
	re, err := regexp.Compile(expression)
	if err != nil {
		return strings.Contains(s, expression)
	}
	return re.MatchString(s)
}

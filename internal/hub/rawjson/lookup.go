package rawjson

import (
	"math"
	"strconv"
)

// Lookup goes down a path of member names and array indices in a checked value and
// returns what it finds, or nil. Of a key that stands there twice the last one
// counts, as in JavaScript.
func Lookup(value []byte, path []string) []byte {
	s := scanner{text: value, limit: math.MaxInt}
	from := s.space(0)
	to := len(trimRight(value))
	for _, name := range path {
		if from >= to {
			return nil
		}
		switch s.text[from] {
		case '{':
			from, to = s.lookMember(from+1, name)
		case '[':
			from, to = s.lookIndex(from+1, name)
		default:
			return nil
		}
	}
	if from >= to {
		return nil
	}
	return value[from:to:to]
}

// lookMember searches an object from its first key on.
func (s scanner) lookMember(at int, name string) (from, to int) {
	for at = s.space(at); at < len(s.text) && s.text[at] == '"'; {
		colon := s.skipString(at)
		begin := s.space(s.space(colon) + 1)
		end, err := s.value(begin, 0)
		if err != nil {
			return 0, 0 // not a checked value after all
		}
		if named(s.text[at:colon], name) {
			from, to = begin, end
		}
		at = s.space(s.space(end) + 1)
	}
	return from, to
}

// lookIndex searches an array from its first element on.
func (s scanner) lookIndex(at int, index string) (from, to int) {
	n, err := strconv.Atoi(index)
	if err != nil {
		return 0, 0
	}
	for at = s.space(at); at < len(s.text) && s.text[at] != ']'; n-- {
		end, err := s.value(at, 0)
		if err != nil {
			return 0, 0
		}
		if n == 0 {
			return at, end
		}
		at = s.space(s.space(end) + 1)
	}
	return 0, 0
}

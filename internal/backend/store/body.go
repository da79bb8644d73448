package store

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"
)

// maxBody bounds what one write may send.
const maxBody = 1 << 20 // bytes

// readBody reads the object that a write sends.
func readBody(r *http.Request) (object, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	merge := r.Method == http.MethodPatch && kind == "application/merge-patch+json"
	if err != nil || kind != "application/json" && !merge {
		return nil, newProblem(http.StatusUnsupportedMediaType, "send JSON, with the header Content-Type: application/json")
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "the body broke off: %v", err)
	}
	if len(data) > maxBody {
		return nil, newProblem(http.StatusRequestEntityTooLarge, "a body may have %d bytes", maxBody)
	}
	if !utf8.Valid(data) {
		return nil, newProblem(http.StatusBadRequest, "the body is not UTF-8")
	}
	return parseBody(data)
}

func parseBody(data []byte) (object, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		at := len(data)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = int(syntax.Offset) - 1
		}
		line, column := place(data, at)
		return nil, newProblem(http.StatusBadRequest, "the body is not JSON: line %d, column %d: %v", line, column, err)
	}
	body, err := parseObject(data)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "the body is not a record: %v", err)
	}
	return body, nil
}

package store

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// problem is an answer that says no (RFC 9457).
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors []fieldError `json:"errors,omitempty"`

	allow string // for 405: what is allowed
}

// fieldError is what is wrong with one field. Rule and Limit let a page say it in its
// own language; Message says it in English.
type fieldError struct {
	Field   string `json:"field"`   // the name of the top-level field; "" for the whole record
	Pointer string `json:"pointer"` // the place within the record (RFC 6901)
	Rule    string `json:"rule"`    // the keyword of the schema: "required", "minLength", …
	Limit   any    `json:"limit,omitempty"`
	Message string `json:"message"`
}

func newProblem(status int, format string, args ...any) *problem {
	return &problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: fmt.Sprintf(format, args...),
	}
}

func (p *problem) Error() string { return p.Detail }

func (p *problem) reply() reply {
	body, err := json.Marshal(p)
	if err != nil { // a Limit comes from a schema, so it is JSON: this cannot happen
		body = []byte(`{"type":"about:blank","status":500}`)
	}
	h := http.Header{"Content-Type": {"application/problem+json"}}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	return reply{status: p.Status, header: h, body: body}
}

func noCollection(doc document, name string) *problem {
	names := doc.collections()
	if len(names) == 0 {
		return newProblem(http.StatusNotFound, "there is no collection %q; the store holds none yet", name)
	}
	return newProblem(http.StatusNotFound, "there is no collection %q; there is: %s", name, strings.Join(names, ", "))
}

func noRecord(collection, id string) *problem {
	return newProblem(http.StatusNotFound, "there is no record %q in %s", id, collection)
}

package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// defaultPage is the length of a page when _page is given and _limit is not.
const defaultPage = 10 // records

// query is what a list was asked for.
type query struct {
	filters map[string][]string
	sort    string // "" is the order of creation
	desc    bool
	limit   int // 0 is all
	page    int // from 1
}

func parseQuery(values url.Values) (query, error) {
	q := query{filters: map[string][]string{}, desc: true, page: 1}
	var err error
	for name, list := range values {
		last := list[len(list)-1]
		switch name {
		case "_sort":
			// A field is read upwards unless told otherwise, time is not.
			q.sort, q.desc = last, values.Get("_order") == "desc"
		case "_order":
			if last != "asc" && last != "desc" {
				return q, newProblem(http.StatusBadRequest, "_order is asc or desc, not %q", last)
			}
			q.desc = last == "desc"
		case "_limit":
			q.limit, err = positive(name, last)
		case "_page":
			q.page, err = positive(name, last)
			if q.limit == 0 && !values.Has("_limit") {
				q.limit = defaultPage
			}
		default:
			if strings.HasPrefix(name, "_") {
				return q, newProblem(http.StatusBadRequest, "there is no parameter %s; there is _sort, _order, _limit, _page", name)
			}
			q.filters[name] = list
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

func positive(name, text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, newProblem(http.StatusBadRequest, "%s is a number from 1, not %q", name, text)
	}
	return int(n), nil
}

// apply returns the page that was asked for and how many records match in all.
func (q query) apply(records []record) (page []record, total int) {
	matching := slices.DeleteFunc(slices.Clone(records), func(r record) bool { return !q.matches(r) })
	q.order(matching)
	total = len(matching)
	if q.limit == 0 {
		return matching, total
	}
	// In 64 bits: page and limit each fit 32, so the product cannot overflow.
	from := min(int64(q.page-1)*int64(q.limit), int64(total))
	to := min(from+int64(q.limit), int64(total))
	return matching[from:to], total
}

func (q query) matches(r record) bool {
	for name, wanted := range q.filters {
		value := r.fields.get(name)
		if value == nil || !slices.Contains(wanted, scalar(value)) {
			return false
		}
	}
	return true
}

// order sorts in place. Records that are equal keep newest first; those without the
// field come last either way.
func (q query) order(records []record) {
	if q.sort != "" || q.desc {
		slices.Reverse(records)
	}
	if q.sort == "" {
		return
	}
	slices.SortStableFunc(records, func(a, b record) int {
		x, y := a.fields.get(q.sort), b.fields.get(q.sort)
		if none(x) || none(y) {
			return cmp.Compare(truth(none(x)), truth(none(y)))
		}
		if q.desc {
			return compare(y, x)
		}
		return compare(x, y)
	})
}

func none(value json.RawMessage) bool { return value == nil || string(value) == "null" }

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compare orders numbers by value, before everything else, and the rest as text.
func compare(a, b json.RawMessage) int {
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil || errY == nil:
		return cmp.Compare(truth(errX != nil), truth(errY != nil))
	}
	return strings.Compare(scalar(a), scalar(b))
}

// links returns the Link header (RFC 8288) that names the neighbouring pages.
func (q query) links(u *url.URL, total int) string {
	if q.limit == 0 {
		return ""
	}
	last := max(1, (total+q.limit-1)/q.limit)
	var links []string
	add := func(rel string, page int) {
		values := u.Query()
		values.Set("_page", strconv.Itoa(page))
		links = append(links, fmt.Sprintf("<%s?%s>; rel=%q", u.EscapedPath(), values.Encode(), rel))
	}
	add("first", 1)
	if q.page > 1 {
		add("prev", min(q.page-1, last))
	}
	if q.page < last {
		add("next", q.page+1)
	}
	add("last", last)
	return strings.Join(links, ", ")
}

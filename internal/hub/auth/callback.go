package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

const (
	// defaultTimeout bounds one question to the back-end.
	defaultTimeout = 5 * time.Second
	// maxAnswer bounds the bytes read of an answer: a user, its rooms, a message.
	maxAnswer = 64 << 10
	// maxQuestions bounds the questions under way at once; more connects wait their
	// turn, within the timeout. A restart makes every client connect at once.
	maxQuestions = 64
	// maxMessage bounds the back-end's message to the client, in bytes.
	maxMessage = 1 << 10
)

// forwarded are the handshake's headers that a back-end needs to know a client by.
func forwarded() []string {
	return []string{
		"Authorization", "Cookie", "Origin", "User-Agent", "Accept-Language",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Xsrf-Token",
	}
}

// question is the body of the POST.
type question struct {
	Namespace string            `json:"namespace"`
	Auth      json.RawMessage   `json:"auth"`    // {} if the client gave nothing
	Query     map[string]string `json:"query"`   // first value of each; without those of the transport
	Headers   map[string]string `json:"headers"` // the forwarded ones, lower-case names
	Address   string            `json:"address"`
}

// answer is what the back-end says.
type answer struct {
	Allow   *bool           `json:"allow"`
	User    json.RawMessage `json:"user"`
	Rooms   []string        `json:"rooms"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// callback asks the back-end.
type callback struct {
	url     string
	timeout time.Duration
	client  *http.Client
}

func newCallback(o *Options) (*Checker, error) {
	target, err := url.Parse(o.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, o.fail("url", errors.New("is not an http or https address"), "as in url: http://localhost:8000/realtime/auth")
	}
	if target.User != nil {
		return nil, o.fail("url", errors.New("holds a password, which would end up in logs"), "let the back-end listen on loopback instead")
	}
	transport := &http.Transport{
		MaxConnsPerHost:     maxQuestions,
		MaxIdleConnsPerHost: maxQuestions / 4,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // maxAnswer then bounds what is read
		ForceAttemptHTTP2:   true,
	}
	c := &callback{url: o.URL, timeout: o.Timeout, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	return &Checker{check: c.check, close: transport.CloseIdleConnections}, nil
}

// check asks and turns the answer into an identity.
func (c *callback) check(ctx context.Context, r Request) (Identity, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer within %s", c.timeout))
	defer cancel()
	req, err := c.request(ctx, r)
	if err != nil {
		return Identity{}, err
	}
	res, err := c.client.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return Identity{}, fmt.Errorf("ask %s: %w", c.url, err)
	}
	defer res.Body.Close()
	a, err := read(res)
	if err != nil {
		return Identity{}, fmt.Errorf("answer of %s: %w", c.url, err)
	}
	if *a.Allow {
		return Identity{User: a.User, Rooms: a.Rooms}, nil
	}
	return Identity{}, a.refusal()
}

func (c *callback) request(ctx context.Context, r Request) (*http.Request, error) {
	q := question{Namespace: r.Namespace, Auth: r.Auth, Query: query(r.Query), Headers: map[string]string{}, Address: r.Address}
	if len(q.Auth) == 0 {
		q.Auth = json.RawMessage("{}")
	}
	for _, name := range forwarded() {
		if values := r.Header.Values(name); len(values) > 0 {
			q.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("write question: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.url, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "realtimectl")
	// As real headers too, so that the back-end's own session middleware applies.
	for _, name := range []string{"Authorization", "Cookie"} {
		if values := r.Header.Values(name); len(values) > 0 {
			req.Header[name] = values
		}
	}
	return req, nil
}

// query leaves out what belongs to the transport.
func query(values url.Values) map[string]string {
	q := make(map[string]string, len(values))
	for name := range values {
		switch name {
		case "EIO", "transport", "sid", "t", "b64", "j":
		default:
			q[name] = values.Get(name)
		}
	}
	return q
}

// read understands 200 with {"allow":…}, and 401 or 403 as a no that may bring its
// message along.
func read(res *http.Response) (answer, error) {
	var a answer
	no := false
	denied := res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden
	if res.StatusCode/100 == 3 {
		return a, fmt.Errorf("%s: redirects are not followed, configure the final address", res.Status)
	}
	if res.StatusCode != http.StatusOK && !denied {
		return a, fmt.Errorf("status %s", res.Status)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return a, fmt.Errorf("read: %w", err)
	case len(text) > maxAnswer:
		return a, fmt.Errorf("more than %d bytes", maxAnswer)
	}
	err = json.Unmarshal(text, &a)
	switch {
	case denied && err != nil:
		return answer{Allow: &no}, nil // a page in HTML, say
	case err != nil:
		return a, errors.New("not the JSON that is expected")
	case denied:
		a.Allow = &no
	case a.Allow == nil:
		return a, errors.New("\"allow\" is missing")
	}
	return a, nil
}

func (a *answer) refusal() *Refusal {
	r := &Refusal{Message: a.Message, Data: a.Data, Reason: "denied by the back-end"}
	if r.Message == "" || len(r.Message) > maxMessage {
		r.Message = "not allowed"
	}
	if string(r.Data) == "null" || rawjson.Valid(r.Data, maxDepth) != nil {
		r.Data = nil
	}
	return r
}

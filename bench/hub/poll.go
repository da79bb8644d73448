package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// pollState drives one HTTP long-polling client over one keep-alive
// connection: a GET waits for packets; what the client has to say is POSTed
// after a GET was answered and before the next one.
type pollState struct {
	post    []string
	posting bool
	probed  *Conn // the WebSocket that passed the probe
}

// pollURL is where a client polls and posts.
func (l *Loop) pollURL(c *Conn) string {
	u := "/socket.io/?EIO=4&transport=polling"
	if c.sid != "" {
		u += "&sid=" + c.sid
	}
	return u
}

func (l *Loop) pollGet(c *Conn) {
	l.Write(c, []byte("GET "+l.pollURL(c)+" HTTP/1.1\r\nHost: 127.0.0.1:"+strconv.Itoa(l.addr.Port)+"\r\n\r\n"))
}

func (l *Loop) pollPost(c *Conn) {
	body := strings.Join(c.poll.post, "\x1e")
	c.poll.post = c.poll.post[:0]
	c.poll.posting = true
	l.Write(c, []byte("POST "+l.pollURL(c)+" HTTP/1.1\r\nHost: 127.0.0.1:"+strconv.Itoa(l.addr.Port)+
		"\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body))
}

// feedPoll consumes whole HTTP answers at the head of b.
func (l *Loop) feedPoll(c *Conn, b []byte) (used int, err error) {
	for used < len(b) && c.st != stClosed {
		body, n, err := response(b[used:])
		if err != nil || n == 0 {
			return used, err
		}
		used += n
		if c.poll.posting {
			c.poll.posting = false
		} else if err := l.payload(c, body); err != nil {
			return used, err
		}
		if c.st != stClosed {
			l.pollNext(c)
		}
	}
	return used, nil
}

// payload takes the packets of a poll's answer.
func (l *Loop) payload(c *Conn, body []byte) error {
	for packet := range bytes.SplitSeq(body, []byte{0x1e}) {
		c.nmsg++
		if err := l.proto.Message(l, c, packet); err != nil {
			return err
		}
	}
	return nil
}

// pollNext finishes an upgrade, says what is to be said, or polls again.
func (l *Loop) pollNext(c *Conn) {
	switch w := c.poll.probed; {
	case w != nil:
		l.SendText(w, []byte("5"))
		w.from, c.quiet = nil, true
		l.Close(c, nil)
		l.SetReady(w)
	case len(c.poll.post) > 0:
		l.pollPost(c)
	default:
		l.pollGet(c)
	}
}

// response returns the body of the HTTP answer at the head of b, and the size of the
// answer; size 0 says that it is not complete yet.
func response(b []byte) (body []byte, size int, err error) {
	head, rest, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	if !whole {
		return nil, 0, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return nil, 0, fmt.Errorf("polling: %s", line)
	}
	body, n, ok, err := httpBody(head, rest)
	if err != nil || !ok {
		return nil, 0, err
	}
	return body, len(head) + 4 + n, nil
}

// httpBody finds the body of a response with a Content-Length or in chunks.
func httpBody(head, b []byte) (body []byte, size int, ok bool, err error) {
	if v, found := headerValue(head, "content-length"); found {
		n, err := strconv.Atoi(v)
		if err != nil {
			return nil, 0, false, err
		}
		if len(b) < n {
			return nil, 0, false, nil
		}
		return b[:n], n, true, nil
	}
	if v, found := headerValue(head, "transfer-encoding"); !found || v != "chunked" {
		return nil, 0, false, fmt.Errorf("polling: response without a length")
	}
	return chunks(b)
}

// chunks joins a chunked body.
func chunks(b []byte) (body []byte, size int, ok bool, err error) {
	at := 0
	for {
		i := bytes.Index(b[at:], []byte("\r\n"))
		if i < 0 {
			return nil, 0, false, nil
		}
		n, err := strconv.ParseUint(string(b[at:at+i]), 16, 31)
		if err != nil {
			return nil, 0, false, fmt.Errorf("polling: chunk size: %w", err)
		}
		at += i + 2
		if len(b) < at+int(n)+2 {
			return nil, 0, false, nil
		}
		body = append(body, b[at:at+int(n)]...)
		at += int(n) + 2
		if n == 0 {
			return body, at, true, nil
		}
	}
}

// headerValue finds a header of an HTTP answer.
func headerValue(head []byte, name string) (string, bool) {
	for _, line := range strings.Split(string(head), "\r\n")[1:] {
		k, v, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

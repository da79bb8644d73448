package engineio

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// closeText tells how a WebSocket ended.
func closeText(err error) string {
	if ce := (*websocket.CloseError)(nil); errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure {
		return fmt.Sprint("closed ", ce.Code)
	}
	if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
		return "nothing"
	}
	return "closed"
}

func TestAHandshakeTellsTheSessionsTerms(t *testing.T) {
	s := start(t, Options{})
	sid4 := regexp.MustCompile(`"sid":"[A-Za-z0-9_-]{20}"`)
	sid3 := regexp.MustCompile(`"sid":"[0-9]{9}\.[0-9]{10}"`)
	for query, want := range map[string]string{
		"transport=polling&EIO=4":         `200 0{"sid":"","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
		"transport=polling&EIO=3":         `200 97:0{"sid":"","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}`,
		"transport=polling&EIO=2":         `200 97:0{"sid":"","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}`,
		"transport=polling&EIO=3&t=abc":   "200 \x00\x09\x07\xff0" + `{"sid":"","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}`,
		"transport=polling&EIO=3&j=2":     `200 ___eio[2]("97:0{\"sid\":\"\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000}");`,
		"transport=polling&EIO=3&b64=1":   `200 97:0{"sid":"","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}`,
		"transport=polling":               "Bad Request",
		"transport=polling&EIO=5":         "Bad Request",
		"EIO=4":                           "Bad Request",
		"transport=abc&EIO=4":             "Bad Request",
		"transport=websocket&EIO=4":       "Bad Request",
		"transport=polling&EIO=4&sid=abc": "Bad Request",
		"transport=polling&EIO=4&j=1":     "Bad Request",
		"transport=polling&EIO=3&j=a)":    "Bad Request",
		"transport=polling&EIO=4&a=%zz":   "Bad Request",
	} {
		got := s.get(query)
		got = strings.ReplaceAll(got, `\"`, `'`)
		got = sid4.ReplaceAllString(got, `"sid":""`)
		got = sid3.ReplaceAllString(got, `"sid":""`)
		got = regexp.MustCompile(`'sid':'[^']*'`).ReplaceAllString(got, `'sid':''`)
		got = strings.ReplaceAll(got, `'`, `\"`)
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", query, got, want)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if status, _, _ := s.do(method, "transport=polling&EIO=4", "", ""); status != http.StatusBadRequest {
			t.Errorf("%s: %d", method, status)
		}
	}
}

func TestPollsCarryMessagesBothWaysInOrder(t *testing.T) {
	s := start(t, Options{})
	for eio, tt := range map[string]struct{ post, want string }{
		"4": {"4a\x1ebAQIDBA==\x1e4é€😀", "200 4a\x1ebAQIDBA==\x1e4é€😀"},
		"3": {"2:4a5:4é€😀10:b4AQIDBA==", "200 \x00\x02\xff4a\x00\x01\x00\xff4é€😀\x01\x05\xff\x04\x01\x02\x03\x04"},
	} {
		q := s.poll(eio, "")
		if got := s.post(q, tt.post); got != "200 ok" {
			t.Errorf("EIO=%s: post: %q", eio, got)
		}
		if got := s.get(q); got != tt.want {
			t.Errorf("EIO=%s: got %q", eio, got)
		}
	}
	q := s.poll("3", "&b64=1")
	s.post(q, "2:4a10:b4AQIDBA==")
	if got := s.get(q); got != "200 2:4a10:b4AQIDBA==" {
		t.Errorf("b64: %q", got)
	}
	status, _, _ := s.do(http.MethodPost, q, "application/octet-stream", "\x00\x04\xff4\xe2\x82\xac\x01\x02\xff\x04\x07")
	if got := s.get(q); status != 200 || got != "200 2:4€6:b4Bw==" {
		t.Errorf("binary post: %d %q", status, got)
	}
}

func TestJSONPCarriesMessagesInForms(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("3", "&j=0")
	status, _, body := s.do(http.MethodPost, q, "application/x-www-form-urlencoded", `d=8%3A4a%5C%5Cn%5Cnb%22%C3%A9`)
	if status != 200 || body != "ok" {
		t.Fatal(status, body)
	}
	status, head, body := s.do(http.MethodGet, q, "", "")
	want := `200 text/javascript; charset=UTF-8 ___eio[0]("8:4a\\n\nb\"é");`
	if got := fmt.Sprint(status, " ", head.Get("Content-Type"), " ", body); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestAClientOf2016WhoEncodesTwiceIsUnderstood(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("3", "")
	// "é€😀" as UTF-8, each byte taken for a character: nine of them.
	s.post(q, "10:4Ã©â\u0082¬ð\u009f\u0098\u0080")
	if got := s.get(q); got != "200 5:4é€😀" {
		t.Errorf("got %q", got)
	}
}

func TestASessionEndsByWhatBreaksTheProtocol(t *testing.T) {
	s := start(t, Options{MaxPayload: 100, MaxPackets: 4})
	for name, tt := range map[string]struct{ eio, body, status string }{
		"an unknown packet type":   {"4", "abc", "Bad Request"},
		"an empty body":            {"4", "", "Bad Request"},
		"an empty packet":          {"4", "4a\x1e", "Bad Request"},
		"bytes that are no base64": {"4", "b!", "Bad Request"},
		"no UTF-8":                 {"4", "4\xff", "Bad Request"},
		"too many packets":         {"4", "4\x1e4\x1e4\x1e4\x1e4", "Bad Request"},
		"too many bytes":           {"4", "4" + strings.Repeat("a", 100), "Request Entity Too Large"},
		"a wrong length":           {"3", "9:4a", "Bad Request"},
		"no length":                {"3", "abc", "Bad Request"},
		"a long length":            {"3", "99999999999999:4a", "Bad Request"},
		"too many packets of 3":    {"3", "1:41:41:41:41:4", "Bad Request"},
		"half a character":         {"3", "2:4😀", "Bad Request"},
	} {
		q := s.poll(tt.eio, "")
		if got := s.post(q, tt.body); got != tt.status {
			t.Errorf("%s: %q", name, got)
		}
		if got := s.get(q); got != "Bad Request" {
			t.Errorf("%s: the next poll: %q", name, got)
		}
	}
}

func TestASecondPollEndsTheSession(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("4", "")
	first := make(chan string)
	go func() { first <- s.get(q) }()
	sess := s.session(q[strings.Index(q, "&sid=")+5:])
	waitFor(t, func() bool { return sess.polling.isGetting() })
	if got := s.get(q); got != "Bad Request" {
		t.Errorf("the second poll: %q", got)
	}
	if got := <-first; got != "200 1" {
		t.Errorf("the first poll: %q", got)
	}
	if got := s.get(q); got != "Bad Request" {
		t.Errorf("afterwards: %q", got)
	}
}

// waitFor polls a condition of this process that no channel tells.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it never came to be")
		}
	}
}

func TestAClosePacketReleasesThePollAndEndsTheSession(t *testing.T) {
	s := start(t, Options{})
	for eio, tt := range map[string]struct{ post, want string }{
		"4": {"1", "200 6"},
		"3": {"1:1", "200 1:6"},
	} {
		q := s.poll(eio, "")
		polled := make(chan string)
		go func() { polled <- s.get(q) }()
		sess := s.session(q[strings.Index(q, "&sid=")+5:])
		waitFor(t, func() bool { return sess.polling.isGetting() })
		if got := s.post(q, tt.post); got != "200 ok" {
			t.Errorf("EIO=%s: post: %q", eio, got)
		}
		if got := <-polled; got != tt.want {
			t.Errorf("EIO=%s: poll: %q", eio, got)
		}
		if got := s.get(q); got != "Bad Request" {
			t.Errorf("EIO=%s: afterwards: %q", eio, got)
		}
		if err := <-s.ended; err.Error() != "transport close" {
			t.Error(err)
		}
	}
}

func TestAPollThatIsGivenUpEndsTheSession(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("4", "")
	client := &http.Client{Timeout: 20 * time.Millisecond}
	defer client.CloseIdleConnections()
	if resp, err := client.Get(s.http.URL + "/engine.io/?" + q); err == nil {
		resp.Body.Close()
		t.Fatal("the poll was answered")
	}
	<-s.ended
	if got := s.get(q); got != "Bad Request" {
		t.Errorf("the next poll: %q", got)
	}
}

func TestAWebSocketCarriesMessagesBothWays(t *testing.T) {
	s := start(t, Options{})
	for _, eio := range []string{"3", "4"} {
		c := s.dial("transport=websocket&EIO=" + eio)
		if open := c.read(); !strings.Contains(open, `"upgrades":[]`) {
			t.Errorf("open packet %q", open)
		}
		c.send("4é€😀")
		c.expect("4é€😀")
		bytes := "\x01\x02"
		if eio == "3" {
			bytes = "\x04\x01\x02"
		}
		_ = c.WriteMessage(websocket.BinaryMessage, []byte(bytes))
		c.expect("bytes:" + bytes)
		big := "4" + strings.Repeat("0123456789", 20_000)
		c.send(big)
		c.expect(big)
		if eio == "3" {
			c.send("2probe")
			c.expect("3probe")
		}
		c.send("1")
		c.expect("closed 1000")
		if diff := cmp.Diff("transport close", (<-s.ended).Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAnUpgradeMovesTheSessionAndLosesNothing(t *testing.T) {
	s := start(t, Options{})
	for eio, noop := range map[string]string{"3": "200 1:6", "4": "200 6"} {
		q := s.poll(eio, "")
		polled := make(chan string)
		go func() { polled <- s.get(q) }()
		sess := s.session(q[strings.Index(q, "&sid=")+5:])
		waitFor(t, func() bool { return sess.polling.isGetting() })
		c := s.dial(q)
		c.send("2probe")
		c.expect("3probe")
		if got := <-polled; got != noop {
			t.Errorf("EIO=%s: the poll under way: %q", eio, got)
		}
		sess.Send(NewBatch(TextFrame([]byte("between"))))
		c.send("5")
		c.send("4after")
		c.expect("4between", "4after")
		if got := s.get(q); got != "Bad Request" {
			t.Errorf("EIO=%s: a poll afterwards: %q", eio, got)
		}
		if got := sess.Transport(); got != "websocket" {
			t.Error(got)
		}
		s.dial(q).expect("closed 1008")
		c.send("4still")
		c.expect("4still")
	}
}

func TestAFailedProbeLeavesTheSessionPolling(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("4", "")
	for _, first := range []string{"2", "4hello", "5", "abc"} {
		c := s.dial(q)
		c.send(first)
		if got := c.read(); !strings.HasPrefix(got, "closed") {
			t.Errorf("%q: %q", first, got)
		}
	}
	c := s.dial(q)
	c.send("2probe")
	c.expect("3probe")
	c.Close()
	s.post(q, "4still")
	for got := ""; got != "200 4still"; {
		if got = s.get(q); got != "200 6" && got != "200 4still" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestRequestsOfASessionKeepItsRevision(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("4", "")
	if got := s.get(strings.Replace(q, "EIO=4", "EIO=3", 1)); got != "Bad Request" {
		t.Errorf("got %q", got)
	}
}

func TestAClientOf2014WhoEncodesTwiceOnWebSocketsIsUnderstood(t *testing.T) {
	s := start(t, Options{JSONText: true})
	c := s.dial("transport=websocket&EIO=2")
	c.read()
	c.send(`42["é€😀"]`[:4] + "Ã©â\u0082¬ð\u009f\u0098\u0080" + `"]`)
	c.expect(`42["\u00e9\u20ac\ud83d\ude00"]`)
	later := s.dial("transport=websocket&EIO=3")
	later.read()
	later.send(`42["é€😀"]`)
	later.expect(`42["é€😀"]`)
}

// Messages are sent without a pause while a session moves from polls to a WebSocket; all
// must come, once, in order.
func TestAnUpgradeUnderLoadLosesAndRepeatsNothing(t *testing.T) {
	s := start(t, Options{})
	const n = 400
	for _, eio := range []string{"3", "4"} {
		for round := range 8 {
			q := s.poll(eio, "&b64=1")
			sess := s.session(q[strings.Index(q, "&sid=")+5:])
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for i := range n {
					sess.Send(NewBatch(TextFrame(fmt.Appendf(nil, "%03d", i))))
					if i%50 == round {
						waitFor(t, func() bool { return true })
					}
				}
			}()
			got := upgradeWhile(t, s, q, eio)
			<-sent
			var want []string
			for i := range n {
				want = append(want, fmt.Sprintf("4%03d", i))
			}
			if diff := cmp.Diff(want, got(n)); diff != "" {
				t.Fatalf("EIO=%s round %d: %s", eio, round, diff)
			}
		}
	}
}

// upgradeWhile behaves as the official clients do: it polls, probes, waits for its poll
// to end, says so, and reads on from the WebSocket. It returns what reads up to n messages.
func upgradeWhile(t *testing.T, s *running, q, eio string) func(n int) []string {
	t.Helper()
	var got []string
	poll := func() {
		t.Helper()
		body := strings.TrimPrefix(s.get(q), "200 ")
		if eio == "3" {
			packets, err := decodeText3([]byte(body), noLimit, new(textEncoding))
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			for _, p := range packets {
				got = append(got, string(p.kind)+string(p.data))
			}
			return
		}
		got = append(got, strings.Split(body, "\x1e")...)
	}
	poll()
	c := s.dial(q)
	c.send("2probe")
	c.expect("3probe")
	poll()
	c.send("5")
	return func(n int) []string {
		var messages []string
		for _, m := range got {
			if m != "6" {
				messages = append(messages, m)
			}
		}
		for len(messages) < n {
			messages = append(messages, c.read())
		}
		return messages
	}
}

func TestAPollMayFollowBeforeTheServerKnowsThatTheLastOneArrived(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("4", "")
	sess := s.session(q[strings.Index(q, "&sid=")+5:])
	// Every request on a connection of its own, as through a reverse proxy.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	big := NewBatch(TextFrame([]byte(strings.Repeat("x", 300_000))))
	for i := range 60 {
		sess.Send(big)
		resp, err := client.Get(s.http.URL + "/engine.io/?" + q)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.CopyN(io.Discard, resp.Body, resp.ContentLength) // and not a byte longer
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("poll %d: %s, %d bytes, %v", i, resp.Status, n, err)
		}
		defer resp.Body.Close()
	}
}

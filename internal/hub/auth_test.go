package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/auth"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

// doorman lets in by what auth.token says.
type doorman struct{}

func (doorman) Check(_ context.Context, r auth.Request) (auth.Identity, error) {
	var data struct{ Token string }
	if len(r.Auth) > 0 {
		if err := json.Unmarshal(r.Auth, &data); err != nil {
			return auth.Identity{}, err
		}
	}
	switch data.Token {
	case "ana":
		return auth.Identity{User: json.RawMessage(`{"name":"ana"}`), Rooms: []string{"staff"}}, nil
	case "brief":
		return auth.Identity{Expires: time.Now().Add(time.Millisecond)}, nil
	case "ended":
		return auth.Identity{Expires: time.Now().Add(-time.Hour)}, nil
	case "broken":
		return auth.Identity{}, errors.New("the back-end is down")
	}
	return auth.Identity{}, &auth.Refusal{Message: "who are you?", Data: json.RawMessage(`{"code":7}`)}
}

func TestAnAuthenticatorDecidesWhoConnects(t *testing.T) {
	rules := []relay.Rule{
		fenceRule(),
		{On: "staff", To: []string{"room:staff"}},
		{On: "whoami", Auth: "required", To: []string{"none"}, Ack: []any{"$user", "$auth"}},
	}
	s := start(t, rules, hub.Options{Auth: doorman{}})
	a := s.dial("4")
	a.send("40")
	a.expect(`44{"message":"who are you?","data":{"code":7}}`)
	a.send(`40{"token":"broken"}`)
	a.expect(`44{"message":"authentication unavailable"}`)
	a.send(`40{"token":"ana"}`)
	a.read()
	a.send(`421["whoami"]`)
	a.expect(`431[{"name":"ana"},{"token":"ana"}]`)
	s.publish(1, hub.Message{Event: "staff", Rooms: []string{"staff"}})
	a.expect(`42["staff"]`)
	for _, token := range []string{"brief", "ended"} {
		b := s.dial("4")
		b.send(`40{"token":"` + token + `"}`)
		b.read()
		b.expect("41")
	}
	old := s.dial("3")
	old.expect(`44{"code":7}`)
}

func TestAClientOfRevision3AuthenticatesByItsQuery(t *testing.T) {
	s := start(t, []relay.Rule{{On: "whoami", Auth: "required", To: []string{"none"}, Ack: []any{"$user"}}},
		hub.Options{Auth: doorman{}, Namespaces: []string{"/chat"}})
	c := s.dial("3&token=ana")
	c.expect("40")
	c.send("40/chat?token=ana&padding=" + strings.Repeat("x", 1000) + ",")
	c.expect("40/chat,")
	c.send(`42/chat,1["whoami"]`)
	c.expect(`43/chat,1[{"name":"ana"}]`)
	c.send("40/chat?token=eve,")
	c.send(`42/chat,2["whoami"]`)
	c.expect(`43/chat,2[{"name":"ana"}]`)
}

package sheets

import (
	"context"
	"encoding/json"
)

// backend is one way to run a compiler. Its methods may be called concurrently.
type backend interface {
	// compile makes CSS; a mistake in the sheet is reply.Failure.
	compile(ctx context.Context, j *job) (reply, error)
	// close ends what runs. A later compile starts it anew.
	close() error
}

// reply is what a compiler says.
type reply struct {
	CSS      string          `json:"css"`
	Map      json.RawMessage `json:"map"` // an object, or the text of one; null = none
	Includes []string        `json:"includes"`
	Failure  *message        `json:"failure"`
	Warnings []message       `json:"warnings"`
}

// message is one thing that a compiler has to say about a place.
type message struct {
	Text   string `json:"text"`
	File   string `json:"file"`   // path or URL; "" = the sheet
	Line   int    `json:"line"`   // from 1; 0 = not known
	Column int    `json:"column"` // from 1; 0 = not known
}

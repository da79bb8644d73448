package sheets

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
)

var (
	//go:embed js/driver.js
	driverJS string
	//go:embed js/worker.js
	workerJS string
)

// nodeHeap bounds the memory of the node process.
const nodeHeap = "--max-old-space-size=1024" // MiB

// newNode runs a package in one node process.
func newNode(c Choice) *processBackend {
	folder, _ := json.Marshal(c.Path) // a string always has JSON
	program := workerJS + "(" + driverJS + ", " + string(folder) + ")"
	return &processBackend{dir: c.dir, args: []string{c.Node, nodeHeap, "-e", program}, talk: talkJSON, turn: newTurn()}
}

// request is what the JavaScript driver gets.
type request struct {
	Language   Language       `json:"language"`
	File       string         `json:"file"`
	URL        string         `json:"url"`
	Source     string         `json:"source"`
	Syntax     string         `json:"syntax"`
	Compressed bool           `json:"compressed"`
	Map        bool           `json:"map"`
	Warnings   bool           `json:"warnings"`
	Options    map[string]any `json:"options"`
}

func (j *job) request() request {
	return request{
		Language: j.language, File: j.in.File, URL: fileURL(j.in.File), Source: string(j.in.Source), Syntax: syntaxOf(j.in.File),
		Compressed: j.in.Compressed, Map: j.in.Map, Warnings: j.in.Warnings, Options: j.in.Options,
	}
}

// line is one line from the driver: a question, a reply or why there is none.
type line struct {
	question
	Reply *struct {
		reply
		Crash string `json:"crash"`
	} `json:"reply"`
}

// talkJSON speaks with the driver in node: one JSON value a line.
func talkJSON(p *process, j *job) (reply, error) {
	if err := p.writeJSON(j.request()); err != nil {
		return reply{}, err
	}
	for {
		data, err := p.out.ReadBytes('\n')
		if err != nil {
			return reply{}, fmt.Errorf("node has ended: %w", err)
		}
		var l line
		if err := json.Unmarshal(data, &l); err != nil {
			return reply{}, fmt.Errorf("node said something else: %w", err)
		}
		if l.Reply == nil {
			if err := p.writeJSON(j.answer(l.question)); err != nil {
				return reply{}, err
			}
			continue
		}
		if l.Reply.Crash != "" {
			return reply{}, errors.New(l.Reply.Crash)
		}
		return l.Reply.reply, nil
	}
}

func (p *process) writeJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("speak to node: %w", err)
	}
	if _, err := p.in.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("speak to node: %w", err)
	}
	return nil
}

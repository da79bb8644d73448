package run

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// svgOps join icons.
func svgOps(plugin string) opFunc {
	if plugin == "gulp-svgstore" {
		return func(c *call, in []*file) ([]*file, error) { return c.whole(in, c.svgStore) }
	}
	return nil
}

// svgIcon is a drawing that becomes a symbol.
type svgIcon struct {
	attributes string // viewBox and preserveAspectRatio, as they are written in the symbol
	spaces     []xml.Attr
	body, defs string
}

// svgStore is gulp-svgstore: one drawing with a symbol for each file, called like it.
func (c *call) svgStore(in []*file) (made, error) {
	opts := object(c.arg(0))
	var symbols, defs, spaces strings.Builder
	var found diag.List
	seen := map[string]bool{}
	var first *file
	for _, f := range in {
		icon, err := readIcon(f.Contents)
		if err != nil {
			found = append(found, c.located(f, 0, 0, "it is no SVG: "+err.Error()))
			continue
		}
		if first == nil {
			first = f
		}
		symbols.WriteString(`<symbol id="` + stem(f.Path) + `"` + icon.attributes + ">" + icon.body + "</symbol>")
		defs.WriteString(icon.defs)
		for _, a := range icon.spaces {
			if name := "xmlns:" + a.Name.Local; !seen[name] && name != "xmlns:xlink" {
				seen[name] = true
				spaces.WriteString(" " + name + `="` + a.Value + `"`)
			}
		}
	}
	if first == nil {
		return made{found: found}, nil
	}
	out := `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"` + spaces.String() + ">"
	if !truthy(opts.Get("inlineSvg")) {
		out = `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + out
	}
	if defs.Len() > 0 {
		out += "<defs>" + defs.String() + "</defs>"
	}
	dir := c.r.opts.Dir
	store := &file{File: gulp.File{Path: path.Join(dir, path.Base(first.Base)+".svg"), Base: dir, Contents: []byte(out + symbols.String() + "</svg>")}}
	return made{files: []*file{store}, found: found}, nil
}

var errNoDrawing = errors.New("it has no element svg")

// readIcon cuts a drawing into its parts, which stay as they are written.
func readIcon(src []byte) (icon svgIcon, err error) {
	dec := xml.NewDecoder(bytes.NewReader(src))
	dec.Strict = false
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return icon, errNoDrawing
		}
		if err != nil {
			return icon, err
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Local != "svg" {
			continue
		}
		for _, a := range start.Attr {
			switch {
			case a.Name.Space == "xmlns":
				icon.spaces = append(icon.spaces, a)
			case a.Name.Local == "viewBox" || a.Name.Local == "preserveAspectRatio":
				icon.attributes += " " + a.Name.Local + `="` + a.Value + `"`
			}
		}
		return icon, icon.readBody(src, dec)
	}
}

// readBody takes what is inside the drawing, definitions apart.
func (icon *svgIcon) readBody(src []byte, dec *xml.Decoder) error {
	var body, defs strings.Builder
	from := dec.InputOffset()
	depth, defsAt, inner := 0, -1, int64(0)
	for {
		at := dec.InputOffset()
		tok, err := dec.RawToken()
		if err != nil {
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if tok.Name.Local == "defs" && defsAt < 0 {
				body.Write(src[from:at])
				defsAt, inner = depth, dec.InputOffset()
			}
			depth++
		case xml.EndElement:
			depth--
			if depth < 0 {
				body.Write(src[from:at])
				icon.body, icon.defs = body.String(), defs.String()
				return nil
			}
			if defsAt == depth {
				defs.Write(src[min(inner, at):at])
				defsAt, from = -1, dec.InputOffset()
			}
		}
	}
}

package view

import (
	"bytes"
	"cmp"
	_ "embed" // for the page's parts
	"fmt"
	"html/template"
	"io"
	"slices"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"span":  span,
	"some":  some,
	"count": count,
}).Parse(pageHTML))

// content is what page.html shows.
type content struct {
	*Run
	CSS    template.CSS
	Script template.JS
	Data   template.JS

	Story      string
	Links      []link
	MoreLinks  int
	Events     []event
	MoreEvents int
	Lossy      int // keys that would lose updates with last-writer-wins
	LostTotal  int // updates they would lose
}

// Write writes r to w as one HTML file. The same run gives the same bytes. If
// r refers to replicas or writes it does not have, or to times outside the
// run, Write writes nothing and returns an error saying what and where.
func Write(w io.Writer, r *Run) error {
	if err := check(r); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	r = ordered(r)
	at := opIndex(r.Ops)
	data, err := encode(r, at)
	if err != nil {
		return fmt.Errorf("view: %w", err)
	}
	c := content{
		Run:    r,
		CSS:    template.CSS(pageCSS), //nolint:gosec // our own file
		Script: template.JS(pageJS),   //nolint:gosec // our own file
		Data:   template.JS(data),     //nolint:gosec // JSON with <, > and & escaped
		Story:  story(r),
		Links:  links(r),
		Events: events(r, reach(r, at)),
	}
	if n := len(c.Links); n > maxLinks {
		c.Links, c.MoreLinks = c.Links[:maxLinks], n-maxLinks
	}
	if n := len(c.Events); n > maxEvents {
		c.Events, c.MoreEvents = c.Events[:maxEvents], n-maxEvents
	}
	for _, v := range r.Values {
		c.LostTotal += v.Lost
		if v.Lost > 0 {
			c.Lossy++
		}
	}
	var b bytes.Buffer
	if err := page.Execute(&b, c); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	_, err = w.Write(bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")))
	return err
}

// ordered returns a copy of r with everything that has a time in order of it.
func ordered(r *Run) *Run {
	c := *r
	c.Ops = slices.Clone(r.Ops)
	slices.SortStableFunc(c.Ops, func(a, b Op) int { return cmp.Compare(a.T, b.T) })
	c.Messages = slices.Clone(r.Messages)
	slices.SortStableFunc(c.Messages, func(a, b Message) int { return cmp.Compare(a.Sent, b.Sent) })
	c.Cuts = slices.Clone(r.Cuts)
	slices.SortStableFunc(c.Cuts, func(a, b Cut) int { return cmp.Compare(a.From, b.From) })
	c.Downs = slices.Clone(r.Downs)
	slices.SortStableFunc(c.Downs, func(a, b Down) int { return cmp.Compare(a.From, b.From) })
	c.Divergence = slices.Clone(r.Divergence)
	slices.SortStableFunc(c.Divergence, func(a, b Sample) int { return cmp.Compare(a.T, b.T) })
	return &c
}

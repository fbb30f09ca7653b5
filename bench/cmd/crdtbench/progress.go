package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/dovetail-crdt/dovetail/bench"
)

// progress shows how far a run is. Showing is best effort: a terminal that went
// away does not stop a measurement.
type progress interface {
	start(c bench.Case)
	building(c bench.Case, done, total int)
	ended(c bench.Case, how string)
	// clear takes away what stands in the way of a message. It may be called
	// from another goroutine.
	clear()
}

// newProgress returns a bar if w is a terminal, and else one line a benchmark.
func newProgress(w io.Writer, quiet bool, cases []bench.Case) progress {
	if quiet {
		return silent{}
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return newBar(f, cases)
	}
	return &lines{w: w, total: len(cases)}
}

type silent struct{}

func (silent) start(bench.Case)              {}
func (silent) building(bench.Case, int, int) {}
func (silent) ended(bench.Case, string)      {}
func (silent) clear()                        {}

type lines struct {
	w         io.Writer
	at, total int
	quarters  int // of a state that is being built
}

func (l *lines) start(bench.Case) { l.at, l.quarters = l.at+1, 0 }

func (l *lines) building(c bench.Case, done, total int) {
	if q := 4 * done / total; q != l.quarters {
		l.quarters = q
		l.ended(c, fmt.Sprintf("building: %d %%", 25*q))
	}
}

func (l *lines) ended(c bench.Case, how string) {
	_, _ = fmt.Fprintf(l.w, "[%*d/%d] %s  %s\n", len(strconv.Itoa(l.total)), l.at, l.total, c.Key(), how)
}

func (l *lines) clear() {}

type bar struct {
	pb    *progressbar.ProgressBar
	width int // of the longest name, so that the bar stays where it is
}

func newBar(w io.Writer, cases []bench.Case) bar {
	b := bar{pb: progressbar.NewOptions(len(cases),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(20),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
	)}
	for _, c := range cases {
		b.width = max(b.width, len(c.Key()))
	}
	return b
}

func (b bar) start(c bench.Case) { b.say(c, "") }
func (b bar) building(c bench.Case, done, total int) {
	b.say(c, fmt.Sprintf("building %3d %%", 100*done/total))
}
func (b bar) ended(bench.Case, string) { _ = b.pb.Add(1) }
func (b bar) say(c bench.Case, s string) {
	b.pb.Describe(fmt.Sprintf("%-*s %-14s", b.width, c.Key(), s))
}
func (b bar) clear() { _ = b.pb.Clear() }

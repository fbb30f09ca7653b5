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
	done(r bench.Result)
	failed(c bench.Case, err error)
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

func (silent) start(bench.Case)         {}
func (silent) done(bench.Result)        {}
func (silent) failed(bench.Case, error) {}
func (silent) clear()                   {}

type lines struct {
	w         io.Writer
	at, total int
}

func (l *lines) start(bench.Case) { l.at++ }

func (l *lines) done(r bench.Result) { l.line(r.Case, decimal(r.NsOp)+" ns/op") }

func (l *lines) failed(c bench.Case, _ error) { l.line(c, "failed") } // why is said at the end

func (l *lines) line(c bench.Case, what string) {
	_, _ = fmt.Fprintf(l.w, "[%*d/%d] %s  %s\n", len(strconv.Itoa(l.total)), l.at, l.total, c.Key(), what)
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

func (b bar) start(c bench.Case)       { b.pb.Describe(fmt.Sprintf("%-*s", b.width, c.Key())) }
func (b bar) done(bench.Result)        { _ = b.pb.Add(1) }
func (b bar) failed(bench.Case, error) { _ = b.pb.Add(1) }
func (b bar) clear()                   { _ = b.pb.Clear() }

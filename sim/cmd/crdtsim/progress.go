package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct{ p *progressbar.ProgressBar }

func progress(w io.Writer, quiet bool, what string, total int64) *bar {
	f, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100_000_000),
	)}
}

func (b *bar) set(n int64) {
	if b.p != nil {
		b.p.Set64(min(n, b.p.GetMax64())) //nolint:errcheck,gosec // progress is for looking at
	}
}

func (b *bar) done() {
	if b.p != nil {
		b.p.Finish() //nolint:errcheck,gosec // progress is for looking at
	}
}

// Command crdtbench measures Dovetail's replicated values and prints a table:
//
//	go run ./bench/cmd/crdtbench -run 'awset/.*/n=10000$' -json out.json
//
// See -h for the flags and package bench for what is measured.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/dovetail-crdt/dovetail/bench"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1 // a benchmark failed, or a result could not be written
	exitUsage       = 2 // nothing was run: the command line asks for what cannot be done
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	say := func(format string, a ...any) {
		// If standard error is gone there is nobody left to tell.
		lines := strings.Split(fmt.Sprintf(format, a...), "\n") // several errors are several lines
		_, _ = fmt.Fprintf(stderr, "crdtbench: %s\n", strings.Join(lines, "\ncrdtbench: "))
	}
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return write(say, stdout, []byte(o.help()))
	}
	if err != nil {
		say("%v", err)
		return exitUsage
	}
	cases, err := o.choose(bench.Cases())
	if err != nil {
		say("%v", err)
		return exitUsage
	}
	if o.list {
		var b bytes.Buffer
		for _, c := range cases {
			fmt.Fprintln(&b, c.Key())
		}
		return write(say, stdout, b.Bytes())
	}
	restore, err := setBenchtime(o.benchtime)
	if err != nil {
		say("%v", err)
		return exitUsage
	}
	defer restore()
	outs, err := openOutputs(o)
	if err != nil {
		say("%v", err)
		return exitUsage
	}

	show := newProgress(stderr, o.quiet, cases)
	told := context.AfterFunc(ctx, func() {
		show.clear()
		say("stopping after the current benchmark (Ctrl-C again: at once)")
	})
	results, err := measureAll(ctx, cases, show)
	told() // too late for it, if it has not been said
	show.clear()
	code := exitOK
	if err := errors.Join(err, outs.finish(results)); err != nil {
		say("%v", err)
		code = exitFailed
	}
	if c := write(say, stdout, table(results, o.benchtime)); c != exitOK {
		code = c
	}
	if ctx.Err() != nil {
		say("interrupted after %d of %d benchmarks", len(results), len(cases))
		return exitInterrupted
	}
	return code
}

// measureAll measures the cases until the context ends, which it looks at
// between benchmarks. It goes on after a failure and returns all of them joined.
func measureAll(ctx context.Context, cases []bench.Case, show progress) ([]bench.Result, error) {
	var results []bench.Result
	var failed []error
	for _, c := range cases {
		if ctx.Err() != nil {
			break
		}
		show.start(c)
		res, err := bench.Measure(c, func() bool { return ctx.Err() == nil })
		if err != nil {
			failed = append(failed, err)
			show.failed(c, err)
			continue
		}
		show.done(res)
		results = append(results, res)
	}
	return results, errors.Join(failed...)
}

// write writes b to standard output and returns the exit code of that.
func write(say func(string, ...any), stdout io.Writer, b []byte) int {
	if _, err := stdout.Write(b); err != nil {
		say("standard output: %v", err)
		return exitFailed
	}
	return exitOK
}

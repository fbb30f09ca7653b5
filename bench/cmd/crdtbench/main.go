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
	"slices"
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
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
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
	all, closing, err := o.cases() //nolint:contextcheck // what it opens is closed below, also after an interrupt
	if err != nil {
		say("%v", err)
		return exitUsage
	}
	defer func() {
		if err := closing(); err != nil {
			say("-aerospike: %v", err)
			code = max(code, exitFailed)
		}
	}()
	cases, err := o.choose(all)
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
	results, skipped, err := measureAll(ctx, cases, show)
	told() // too late for it, if it has not been said
	show.clear()
	if err := errors.Join(err, outs.finish(results)); err != nil {
		say("%v", err)
		code = exitFailed
	}
	if c := write(say, stdout, table(results, skipped, o.benchtime)); c != exitOK {
		code = c
	}
	if ctx.Err() != nil {
		say("interrupted after %d of %d benchmarks", len(results), len(cases))
		return exitInterrupted
	}
	return code
}

// measureAll measures the cases until the context ends, which it looks at
// between benchmarks and wherever their time is not measured. It goes on after a
// failure and returns all of them joined. Results are in the order of the cases,
// as are those that this machine has not the memory for.
func measureAll(ctx context.Context, cases []bench.Case, show progress) (results []bench.Result, skipped, failed error) {
	var left, errs []error
	for _, c := range bench.Schedule(cases) {
		if ctx.Err() != nil {
			break
		}
		show.start(c)
		res, err := bench.Measure(c, func(done, total int) error {
			if total > 0 && c.Large() {
				show.building(c, done, total)
			}
			return ctx.Err()
		})
		switch {
		case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()): // nothing is wrong with it
		case errors.Is(err, bench.ErrMemory):
			left = append(left, err)
			show.ended(c, "skipped: "+bench.ErrMemory.Error())
		case err != nil:
			errs = append(errs, err)
			show.ended(c, "failed") // why is said at the end
		default:
			show.ended(c, decimal(res.NsOp)+" ns/op")
			results = append(results, res)
		}
	}
	slices.SortStableFunc(results, func(a, b bench.Result) int { return place(cases, a) - place(cases, b) })
	return results, errors.Join(left...), errors.Join(errs...)
}

func place(cases []bench.Case, r bench.Result) int {
	return slices.IndexFunc(cases, func(c bench.Case) bool { return c.Key() == r.Case.Key() })
}

// write writes b to standard output and returns the exit code of that.
func write(say func(string, ...any), stdout io.Writer, b []byte) int {
	if _, err := stdout.Write(b); err != nil {
		say("standard output: %v", err)
		return exitFailed
	}
	return exitOK
}

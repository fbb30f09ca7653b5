// Command crdtsim runs replicated stores through partitions in virtual time.
//
// Without an argument it demonstrates one; see crdtsim -h.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/dovetail-crdt/dovetail/sim"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1 // a property was violated
	exitUsage       = 2 // bad flags, files or settings
	exitInterrupted = 130
)

const usage = `crdtsim runs replicated stores through partitions, in virtual time.

  crdtsim [flags]                    demonstrate one partition: three regions write, one is cut off
  crdtsim trace [flags] FILE.csv     replay invoice lines over six regions
  crdtsim soak [flags]               run random scenarios of many seeds against the oracle
  crdtsim COMMAND -h                 flags of a command

Exit codes: 0 the run converged, 1 a property was violated, 2 bad flags or input, 130 interrupted.

Flags of the demonstration:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out, errs := bufio.NewWriter(stdout), bufio.NewWriter(stderr)
	code := dispatch(ctx, args, out, errs, stderr)
	if err := out.Flush(); err != nil && code == exitOK {
		fmt.Fprintf(errs, "crdtsim: standard output: %v\n", err)
		code = exitFailed
	}
	errs.Flush() //nolint:errcheck,gosec // there is nowhere left to say so
	return code
}

// dispatch runs the command that args name. Progress goes to the terminal itself.
func dispatch(ctx context.Context, args []string, stdout, stderr *bufio.Writer, terminal io.Writer) int {
	command, rest := "demo", args
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, rest = args[0], args[1:]
	}
	var err error
	switch command {
	case "demo":
		err = demo(ctx, rest, stdout)
	case "trace":
		err = trace(ctx, rest, stdout, terminal)
	case "soak":
		err = soak(ctx, rest, stdout, stderr, terminal)
	case "help":
		err = demo(ctx, []string{"-h"}, stdout)
	default:
		err = usagef("no command %q; crdtsim -h lists them", command)
	}
	var violation *sim.ViolationError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "crdtsim: interrupted; nothing was written")
		return exitInterrupted
	case errors.As(err, &violation):
		fmt.Fprintf(stderr, "crdtsim: violated: %v\n", violation)
		return exitFailed
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "crdtsim: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "crdtsim: %v\n", err)
		return exitFailed
	}
}

// errUsage marks errors that the caller can mend: bad flags, files or settings.
var errUsage = errors.New("bad usage")

type usageError struct{ what string }

func (e *usageError) Error() string        { return e.what }
func (e *usageError) Is(target error) bool { return target == errUsage }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// parse parses flags. What is wrong with them is one line; help goes to stdout.
func parse(fs *flag.FlagSet, args []string, stdout *bufio.Writer, intro string) error {
	fs.SetOutput(io.Discard)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, intro)
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return err
	}
	if err != nil {
		return usagef("%v; see -h", err)
	}
	return nil
}

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/bench"
)

// options is the command line.
type options struct {
	flags      *flag.FlagSet
	run        string
	pattern    *regexp.Regexp
	json       string
	plot       string
	benchtime  string
	cpuprofile string
	memprofile string
	aerospike  string
	list       bool
	quiet      bool
}

// parse reads the command line. Its error is one line, or flag.ErrHelp.
func parse(args []string) (*options, error) {
	o := &options{flags: flag.NewFlagSet("crdtbench", flag.ContinueOnError)}
	f := o.flags
	f.SetOutput(io.Discard) // errors are returned, and the usage is help
	f.StringVar(&o.run, "run", "", "measure only benchmarks whose name, as -list prints it, matches this `regexp`")
	f.StringVar(&o.json, "json", "", "write the results to this `file`, one JSON object a line inside an array")
	f.StringVar(&o.plot, "plot", "", "draw the cost of merges by size to this `file`, as SVG; needs some of the benchmarks "+plotted)
	f.StringVar(&o.benchtime, "benchtime", "1s", "measure each benchmark for this `time`, or for a number of operations such as 100x")
	f.StringVar(&o.cpuprofile, "cpuprofile", "", "write a CPU profile to this `file`")
	f.StringVar(&o.memprofile, "memprofile", "", "write a profile of all allocations to this `file`")
	f.StringVar(&o.aerospike, "aerospike", "", "measure package aerospike too, on the first of these `hosts` (host:port,...),\n"+
		"or on a server in this process if it is "+inProcess+"; \"\" connects to nothing")
	f.BoolVar(&o.list, "list", false, "print the names of the benchmarks and stop")
	f.BoolVar(&o.quiet, "q", false, "quiet: show no progress")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w (-h lists the flags)", err)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: benchmarks are chosen by -run (-h lists the flags)", f.Arg(0))
	}
	var err error
	if o.aerospike != "" && o.aerospike != inProcess {
		if _, _, err := net.SplitHostPort(o.address()); err != nil {
			return o, fmt.Errorf("-aerospike %q: want host:port,... or %s: %w", o.aerospike, inProcess, err)
		}
	}
	if o.pattern, err = regexp.Compile(o.run); err != nil {
		return o, fmt.Errorf("-run %q is not a regular expression: %w", o.run, err)
	}
	return o, nil
}

// inProcess stands for the address of a server in this process.
const inProcess = "asdtest"

// address returns the address that asbench.Cases takes.
func (o *options) address() string {
	if o.aerospike == inProcess {
		return ""
	}
	first, _, _ := strings.Cut(o.aerospike, ",")
	return first
}

// choose returns the cases that -run asks for.
func (o *options) choose(all []bench.Case) ([]bench.Case, error) {
	var out []bench.Case
	for _, c := range all {
		if o.pattern.MatchString(c.Key()) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("-run %q matches none of the %d benchmarks; names look like %s, and -list prints them all",
			o.run, len(all), all[0].Key())
	}
	if o.plot != "" && !slices.ContainsFunc(out, isPlotted) {
		return nil, fmt.Errorf("-plot draws the benchmarks %s, and -run %q matches none of them", plotted, o.run)
	}
	return out, nil
}

func (o *options) help() string {
	var b bytes.Buffer
	b.WriteString(`crdtbench measures how long merging, changing, writing and reading Dovetail's
replicated values takes, and prints a table. All benchmarks together take about
six minutes, longer on a busy machine, and a few gigabytes for the sets of ten
million; Ctrl-C stops after the current one and shows what there is.

usage: crdtbench [flags]

  go run ./bench/cmd/crdtbench -run 'awset/merge'        some, by name
  go run ./bench/cmd/crdtbench -run '/n=10000$'          some, by size
  go run ./bench/cmd/crdtbench -benchtime 100ms -q       quick and rough
  go run ./bench/cmd/crdtbench -run merge-delta -plot merge.svg
  go run ./bench/cmd/crdtbench -aerospike 10.0.0.1:3000 -run '^as/'

flags:
`)
	o.flags.SetOutput(&b)
	o.flags.PrintDefaults()
	b.WriteString(`
columns:
  n          elements, keys or replicas in the value
  ns/op      time of one operation
  target     what the design wants of the column before; x target is how many
             times as much it is
  x base     how many times as long as the same work takes without us: on a plain
             Go map, or by the raw Aerospike client
  allocs/op  allocations of one operation, and B/op their bytes
  also       what else the benchmark measures
awset/encode and awset/decode: ns/op is time of an element, B/op bytes of the
frame an element. awset/memory: ns/op is time to add or remove an element, B/op
bytes in memory an element, less its key. Allocations are of the whole there.
as/...: time is of the wall clock, over all goroutines; as/cpu-...: of the
processor. Package asbench says what each of them does.
A dash means that there is nothing to compare with.

exit codes: 0 done, 1 a benchmark failed or results could not be written,
2 wrong command line (nothing was run), 130 interrupted
`)
	return b.String()
}

// setBenchtime sets how long testing.Benchmark measures. Restore sets it back,
// for callers that are tests themselves.
func setBenchtime(v string) (restore func(), err error) {
	testing.Init()
	f := flag.Lookup("test.benchtime")
	was := f.Value.String()
	if err := f.Value.Set(v); err != nil {
		return nil, fmt.Errorf("-benchtime %q: want a time such as 1s, or a count such as 100x", v)
	}
	return func() {
		if err := f.Value.Set(was); err != nil {
			panic(fmt.Sprintf("benchtime %q was valid before: %v", was, err))
		}
	}, nil
}

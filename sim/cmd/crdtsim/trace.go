package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/dovetail-crdt/dovetail/sim"
	"github.com/dovetail-crdt/dovetail/sim/internal/retail"
)

const traceUsage = `crdtsim trace replays invoice lines over six regions. Every line adds its quantity to the stock of its
code, adds the code to its customer's set (removes it if the invoice is a cancellation), and sets the
code's price. A fifth of all messages is lost, and for the middle third of the run the busiest region is
cut off. After every event each replica is checked against what its operations require.

  crdtsim trace [flags] FILE.csv

The file has the columns InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country.
Operations in the JSON are those that changed something: removing what is not there does not.

Flags:
`

func trace(ctx context.Context, args []string, stdout *bufio.Writer, terminal io.Writer) error {
	fs := flag.NewFlagSet("crdtsim trace", flag.ContinueOnError)
	seed := fs.Uint64("seed", 1, "the `number` that decides delays and losses")
	route := fs.String("route", string(retail.ByInvoice), "which region takes an invoice: `invoice` (a hash of its number) or country (the nearest to the customer)")
	out := fs.String("json", "", "`file` for the outcome as JSON")
	quiet := fs.Bool("q", false, "print only the last line, and no progress")
	if err := parse(fs, args, stdout, traceUsage); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return usagef("trace wants one file, not %d; see crdtsim trace -h", fs.NArg())
	}
	lines, err := readLines(fs.Arg(0))
	if err != nil {
		return err
	}
	sc, err := retail.Scenario(lines, retail.Route(*route), retail.AddWins())
	if err != nil {
		return usagef("%v", err)
	}
	var files outputs
	defer files.discard()
	if err := files.open(*out); err != nil {
		return err
	}
	sc.Seed = *seed
	bar := progress(terminal, *quiet, "replaying", int64(len(sc.Script))*int64(10*time.Millisecond))
	sc.Progress = func(now time.Duration) { bar.set(int64(now)) }
	debug.SetGCPercent(400) // states are decoded and dropped at every check; memory is small
	r, err := sim.Run(ctx, sc)
	bar.done()
	if err != nil {
		return err
	}
	o, err := retail.OutcomeOf(lines, r)
	if err != nil {
		return err
	}
	if err := files.commit(*out, asJSON(o)); err != nil {
		return err
	}
	if !*quiet {
		fmt.Fprintf(stdout, "%d lines, %d operations at %d replicas, seed %d, route by %s\n", len(lines), o.Operations, len(o.Replicas), *seed, *route)
		fmt.Fprintf(stdout, "%d messages, %d bytes; %d lost, %d at the partition\n", o.Messages, o.Bytes, r.Dropped["lost"], r.Dropped["cut"])
		fmt.Fprintf(stdout, "%d stocks, %d customers, %d prices; last-writer-wins per key would have dropped %d updates\n", len(o.Stock), len(o.Customers), len(o.Prices), o.LWWLost)
	}
	fmt.Fprintf(stdout, "converged: %d replicas equal (digest %s) %d ms after the last write\n", len(o.Replicas), o.Replicas[0], r.Settled.Milliseconds())
	return nil
}

func readLines(path string) ([]retail.Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usagef("%v", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines, err := retail.Parse(f)
	if err != nil {
		return nil, usagef("%s: %v", path, err)
	}
	if len(lines) == 0 {
		return nil, usagef("%s: no lines after the heading", path)
	}
	return lines, nil
}

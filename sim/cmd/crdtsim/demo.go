package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/dovetail-crdt/dovetail/sim"
	"github.com/dovetail-crdt/dovetail/sim/internal/view"
)

// The demonstration: Tokyo is cut off while everybody writes.
const (
	cutFrom = 4 * time.Second
	cutTo   = 8 * time.Second
)

func demoScenario(seed uint64) sim.Scenario {
	return sim.Scenario{
		Seed: seed, Replicas: []sim.Region{sim.Dallas, sim.Frankfurt, sim.Tokyo}, Objects: sim.Mixed(),
		Duration: 10 * time.Second, Rate: 9,
		Loss: 0.05, Duplicate: 0.02, Reorder: 0.05, Jitter: 8 * time.Millisecond, Sync: time.Millisecond,
		Cuts:   []sim.Cut{{From: cutFrom, To: cutTo, Groups: [][]int{{0, 1}, {2}}}},
		Record: true,
	}
}

func demo(ctx context.Context, args []string, stdout *bufio.Writer) error {
	fs := flag.NewFlagSet("crdtsim", flag.ContinueOnError)
	seed := fs.Uint64("seed", 1, "the `number` that decides the run; the same seed gives the same output")
	html := fs.String("html", "crdtsim.html", "`file` for the picture of the run; empty for none")
	out := fs.String("json", "", "`file` for the result as JSON")
	quiet := fs.Bool("q", false, "print only the last line")
	if err := parse(fs, args, stdout, usage); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usagef("the demonstration takes no argument %q; see -h", fs.Arg(0))
	}
	if *html != "" && *html == *out {
		return usagef("-html and -json name one file, %s", *html)
	}
	var files outputs
	defer files.discard()
	for _, path := range []string{*html, *out} {
		if err := files.open(path); err != nil {
			return err
		}
	}
	sc := demoScenario(*seed)
	r, err := sim.Run(ctx, sc)
	if err != nil {
		return err
	}
	d := digest(&sc, r)
	page := pageOf(&sc, r, d)
	if err := files.commit(*html, func(w io.Writer) error { return view.Write(w, page) }); err != nil {
		return err
	}
	if err := files.commit(*out, asJSON(d)); err != nil {
		return err
	}
	if !*quiet {
		printLanes(stdout, &sc, r)
		printSummary(stdout, d)
		if *html != "" {
			fmt.Fprintf(stdout, "\npicture: %s\n", *html)
		}
	}
	fmt.Fprintln(stdout, d.verdict())
	return nil
}

// summary is the demonstration's result.
type summary struct {
	Seed         uint64         `json:"seed"`
	Converged    bool           `json:"converged"`
	Replicas     []string       `json:"replicas"`
	Transactions int            `json:"transactions"`
	Operations   int            `json:"operations"`
	Messages     int            `json:"messages"`
	Bytes        int            `json:"bytes"`
	Dropped      map[string]int `json:"dropped"`
	HealMillis   int64          `json:"heal_ms"`   // from the heal until what was written before it was everywhere
	SettleMillis int64          `json:"settle_ms"` // from the last write until all were equal
	LWWLost      int            `json:"lww_lost"`

	Objects    map[string]map[string]string `json:"objects"`
	LastWriter map[string]map[string]string `json:"last_writer_wins"`
	lost       map[string]int
}

func digest(sc *sim.Scenario, r *sim.Result) *summary {
	d := &summary{
		Seed: sc.Seed, Converged: r.Converged, Replicas: r.Digests, Transactions: r.Transactions, Operations: r.Operations,
		Messages: r.Messages, Bytes: r.Bytes, Dropped: r.Dropped, SettleMillis: r.Settled.Milliseconds(), LWWLost: r.LWWLost,
		Objects: r.Objects, LastWriter: r.LastWriter, lost: r.Lost,
	}
	last := cutTo
	for _, a := range r.History.Arrivals {
		if r.History.Ops[a.Op].At < cutTo {
			last = max(last, a.At)
		}
	}
	d.HealMillis = (last - cutTo).Milliseconds()
	return d
}

func (d *summary) verdict() string {
	return fmt.Sprintf("converged: %d replicas equal (digest %s) %d ms after the last write; none of %d transactions lost",
		len(d.Replicas), d.Replicas[0], d.SettleMillis, d.Transactions)
}

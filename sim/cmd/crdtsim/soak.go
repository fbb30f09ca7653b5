package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/dovetail-crdt/dovetail/sim"
)

const soakUsage = `crdtsim soak runs the random scenarios of a range of seeds against the oracle: two to five replicas on a few
objects of seven types, under loss, duplication, reordering, partitions, crashes, wrong clocks, partial
topologies and short logs. It ends with the lowest seed that violates something, if one does.

  crdtsim soak [flags]

Flags:
`

func soak(ctx context.Context, args []string, stdout, stderr *bufio.Writer, terminal io.Writer) error {
	fs := flag.NewFlagSet("crdtsim soak", flag.ContinueOnError)
	seeds := fs.String("seeds", "1-1000", "one seed or a `range`, both ends included")
	jobs := fs.Int("j", runtime.GOMAXPROCS(0), "how many run at a time")
	quiet := fs.Bool("q", false, "print only the last line, and no progress")
	if err := parse(fs, args, stdout, soakUsage); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usagef("soak takes no argument %q; see crdtsim soak -h", fs.Arg(0))
	}
	first, last, err := parseRange(*seeds)
	if err != nil {
		return err
	}
	if *jobs < 1 || *jobs > 1024 {
		return usagef("-j %d: want 1 to 1024", *jobs)
	}
	debug.SetGCPercent(400)
	bar := progress(terminal, *quiet, "soaking", int64(last-first)+1)
	s := &soaking{next: first, last: last, bar: bar}
	var workers sync.WaitGroup
	for range *jobs {
		workers.Go(func() { s.work(ctx) })
	}
	workers.Wait()
	bar.done()
	if s.err != nil {
		fmt.Fprintf(stderr, "replay: go run ./sim/cmd/crdtsim soak -seeds %d\n", s.failed)
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "passed: %d seeds (%d-%d), %d transactions, %d messages\n", s.runs, first, last, s.transactions, s.messages)
	return nil
}

func parseRange(s string) (first, last uint64, err error) {
	a, b, isRange := strings.Cut(s, "-")
	if !isRange {
		b = a
	}
	first, err1 := strconv.ParseUint(a, 10, 64)
	last, err2 := strconv.ParseUint(b, 10, 64)
	if err1 != nil || err2 != nil || last < first || last-first >= 1<<40 {
		return 0, 0, usagef("-seeds %q: want a number or a range such as 1-1000", s)
	}
	return first, last, nil
}

// soaking is the state that the workers share.
type soaking struct {
	mu                           sync.Mutex
	next, last                   uint64
	failed                       uint64
	err                          error
	runs, transactions, messages int
	bar                          *bar
}

// take hands out the next seed, none above one that has failed.
func (s *soaking) take() (seed uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next > s.last || s.err != nil && s.next > s.failed {
		return 0, false
	}
	s.next++
	return s.next - 1, true
}

func (s *soaking) work(ctx context.Context) {
	for {
		seed, ok := s.take()
		if !ok || ctx.Err() != nil {
			return
		}
		r, err := sim.Run(ctx, sim.Random(seed))
		s.mu.Lock()
		s.runs++
		s.bar.set(int64(s.runs))
		switch {
		case err == nil:
			s.transactions += r.Transactions
			s.messages += r.Messages
		case ctx.Err() == nil && (s.err == nil || seed < s.failed):
			s.err, s.failed = err, seed
		}
		s.mu.Unlock()
	}
}

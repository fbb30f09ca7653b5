package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// Scenario is what happens in a run. The zero value of a field is the calm case.
type Scenario struct {
	// Seed decides everything that the scenario leaves open.
	Seed uint64
	// Replicas are the stores, by region. Two may be in one region. Links give the
	// pairs that talk; nil is all pairs.
	Replicas []Region
	Links    [][2]int
	// Objects are the types in play.
	Objects []Object

	// For Duration, Rate transactions a second are drawn, of one to three
	// operations each.
	Duration time.Duration
	Rate     float64
	// Script is done besides, in order of time.
	Script []Step

	// Network: probabilities a message, and the mean of what is added to half of
	// the round-trip time.
	Loss, Duplicate, Reorder float64
	Jitter                   time.Duration
	// Sync is the mean time that a batch takes to become durable.
	Sync time.Duration
	// Skew is how far each replica's clock is off, in order; missing ones are
	// right.
	Skew []time.Duration

	Cuts    []Cut
	Crashes []Crash

	// Settle is how long after the last fault and write the replicas may take to
	// be equal; 0 is one minute.
	Settle time.Duration
	// LogBytes, Reserve and SessionKeys tune the cores; see replication.CoreConfig.
	LogBytes    int
	Reserve     uint64
	SessionKeys int
	// Record keeps what happened for a picture. Large runs need the memory.
	Record bool
	// Progress, if set, is called now and then with the virtual time.
	Progress func(now time.Duration)

	_ struct{}
}

// Step is writes at one replica, at a time: transactions that become durable and
// leave together.
type Step struct {
	At      time.Duration
	Replica int
	Txs     []Tx
}

// Tx is one transaction on one object.
type Tx struct {
	Key string
	Ops []spec.Op
}

// Cut is a partition: from From until To, replicas in different groups cannot
// reach each other. A replica in no group can reach nobody.
type Cut struct {
	From, To time.Duration
	Groups   [][]int
}

// Crash is a replica that stops at At and is started again after For, from its
// disk: what was durable is there, a batch that was being written is lost or
// not, as the seed decides. It goes on under its replica id, having reserved its
// event numbers, or, if Fresh, as a new replica, as a store does that cannot
// prove that its disk was not copied.
type Crash struct {
	Replica int
	At, For time.Duration
	Fresh   bool
}

// validate reports everything that is wrong with s.
func (s *Scenario) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	n := len(s.Replicas)
	replica := func(what string, i int) {
		if i < 0 || i >= n {
			bad("%s: replica %d of %d", what, i, n)
		}
	}
	if n == 0 {
		bad("no replicas")
	}
	for _, r := range s.Replicas {
		if _, err := RoundTrip(r, r); err != nil {
			bad("replica in unknown region %q", r)
		}
	}
	for _, l := range s.Links {
		replica("link", l[0])
		replica("link", l[1])
	}
	if len(s.Objects) == 0 {
		bad("no objects")
	}
	for i, p := range []float64{s.Loss, s.Duplicate, s.Reorder} {
		if !(p >= 0 && p < 1) { // which refuses NaN, too
			bad("%s is %v: want a probability below 1", []string{"Loss", "Duplicate", "Reorder"}[i], p)
		}
	}
	for i, d := range []time.Duration{s.Duration, s.Jitter, s.Sync, s.Settle} {
		if d < 0 {
			bad("%s is %v", []string{"Duration", "Jitter", "Sync", "Settle"}[i], d)
		}
	}
	if !(s.Rate >= 0 && s.Rate <= 1e6) {
		bad("Rate is %v: want 0 to a million", s.Rate)
	}
	for i, st := range s.Script {
		replica(fmt.Sprintf("script step %d", i), st.Replica)
		if i > 0 && st.At < s.Script[i-1].At {
			bad("script step %d at %v is before the one ahead of it", i, st.At)
		}
	}
	for i, c := range s.Cuts {
		if c.From < 0 || c.To < c.From {
			bad("cut %d from %v to %v", i, c.From, c.To)
		}
		for _, g := range c.Groups {
			for _, r := range g {
				replica(fmt.Sprintf("cut %d", i), r)
			}
		}
	}
	for i, c := range s.Crashes {
		replica(fmt.Sprintf("crash %d", i), c.Replica)
		if c.At < 0 || c.For <= 0 {
			bad("crash %d at %v for %v", i, c.At, c.For)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("sim: scenario: %w", errors.Join(errs...))
	}
	return nil
}

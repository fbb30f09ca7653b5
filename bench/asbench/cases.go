package asbench

import (
	"cmp"
	"slices"

	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// sizes are those of the cases.
type sizes struct {
	objects      int   // sets that are updated and viewed
	incarnations []int // of the objects of as/restarts
	contexts     []int // KiB, of those of as/context
}

// The figures of the design.
const cpuTarget = 3000 // ns of our own for an operation on a set of 100 elements

// Cases returns the benchmarks on the cluster at addr (host:port), in order of name
// and size, or on a server in this process if addr is empty. They are run one at a
// time. They use the sets "crdtbench" and "crdtbench-raw" of the namespace "test",
// and share what they build there. Closing removes it, but for blocks, which are the
// same in each run and may be in use by another, and ends the connections; call it
// when no case runs.
func Cases(addr string) (cases []bench.Case, closing func() error, err error) {
	return open(addr, sizes{objects: 10_000, incarnations: []int{100, 10_000}, contexts: []int{1, 16, 64}})
}

func open(addr string, of sizes) ([]bench.Case, func() error, error) {
	s, err := newSession(addr)
	if err != nil {
		return nil, nil, err
	}
	all := slices.Concat(hotCases(s), objectCases(s, of.objects), journalCases(s, of.objects), casCases(s, of.objects), batchCases(s), cpuCases())
	for _, n := range of.incarnations {
		all = append(all,
			restarts(s, "as/restarts-awset", n, crdt.AWSetKind(crdt.Uint64), addOne),
			restarts(s, "as/restarts-counter", n, crdt.CounterKind(), increment),
		)
	}
	for _, kib := range of.contexts {
		all = append(all, contextCases(s, kib)...)
	}
	slices.SortFunc(all, func(a, b bench.Case) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.N, b.N)) })
	return all, s.close, nil
}

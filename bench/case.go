package bench

import (
	"cmp"
	"fmt"
	"slices"
)

// Case is one benchmark at one size.
type Case struct {
	// Name is the type and what is done to it, such as "awset/add".
	Name string
	// N is the size: elements, keys or replicas, whichever the type is made of.
	N int
	// Run measures it with b.Loop. It returns what went wrong instead of calling
	// b.Fatal, because testing.Benchmark drops what a failing benchmark says.
	Run func(b *B) error
	// Baseline does the same to a plain Go map, or, where a server is measured, by the
	// raw client; nil if nothing like it exists.
	Baseline func(b *B) error
	// Target and TargetBytes are the design's figures in ns/op and B/op, or 0 if
	// it has none at this size.
	Target, TargetBytes float64
	// NoAllocs tells that the design wants no allocation.
	NoAllocs bool
}

// Key names the case and its size: "awset/add/n=10000".
func (c Case) Key() string { return fmt.Sprintf("%s/n=%d", c.Name, c.N) }

// Large tells that building the state takes seconds and gigabytes.
func (c Case) Large() bool { return c.N >= large }

const large = 1e7

// Cases returns all benchmarks in order of name and size. No two have one key.
// The large ones among them share what they start from for as long as the slice
// is in use.
func Cases() []Case {
	ints, texts := newStock(intKeys()), newStock(textKeys())
	all := slices.Concat(
		setMergeCases(ints, texts), setMutateCases(ints), setCodecCases(texts), setMemoryCases(), smallCases(texts),
		collectCases(ints, texts), counterCases(), rowCounterCases(), clockCases(), mapCases(), registerCases(),
	)
	slices.SortFunc(all, func(a, b Case) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.N, b.N)) })
	return all
}

// Schedule returns the cases in the order to measure them: large ones last, since
// a heap that holds what they keep is collected less often.
func Schedule(cases []Case) []Case {
	out := slices.Clone(cases)
	slices.SortStableFunc(out, func(a, b Case) int {
		switch {
		case a.Large() == b.Large():
			return 0
		case b.Large():
			return -1
		}
		return 1
	})
	return out
}

// each makes the case of each size.
func each(sizes []int, of func(n int) Case) []Case {
	out := make([]Case, 0, len(sizes))
	for _, n := range sizes {
		out = append(out, of(n))
	}
	return out
}

package bench

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
)

// Case is one benchmark at one size.
type Case struct {
	// Name is the type and what is done to it, such as "awset/add".
	Name string
	// N is the size: elements, keys or replicas, whichever the type is made of.
	N int
	// Run measures it with b.Loop. It returns what went wrong instead of calling
	// b.Fatal, because testing.Benchmark drops what a failing benchmark says.
	Run func(b *testing.B) error
	// Baseline does the same to a plain Go map; nil if nothing like it exists.
	Baseline func(b *testing.B) error
	// Target is the design's figure in ns/op, or 0 if it has none at this size.
	Target float64
}

// Key names the case and its size: "awset/add/n=10000".
func (c Case) Key() string { return fmt.Sprintf("%s/n=%d", c.Name, c.N) }

// Cases returns all benchmarks in order of name and size. No two have one key.
func Cases() []Case {
	all := slices.Concat(
		setMergeCases(), setMutateCases(), setCodecCases(), smallCases(),
		counterCases(), pnCounterCases(), clockCases(), mapCases(), registerCases(),
	)
	slices.SortFunc(all, func(a, b Case) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.N, b.N)) })
	return all
}

// each makes the case of each size.
func each(sizes []int, of func(n int) Case) []Case {
	out := make([]Case, 0, len(sizes))
	for _, n := range sizes {
		out = append(out, of(n))
	}
	return out
}

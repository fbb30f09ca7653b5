package sim

import (
	"hash/fnv"
	"math"
	"math/bits"
)

// Source is where every decision of a run comes from: one seed, and nothing else.
// Decisions on different matters are drawn from different streams, so that a
// change in one (another fault, say) does not reshuffle the others.
type Source struct{ seed uint64 }

// NewSource returns the source of a seed.
func NewSource(seed uint64) *Source { return &Source{seed} }

// Stream returns the decisions on one matter. The same name gives the same
// decisions.
func (s *Source) Stream(name string) *Stream {
	h := fnv.New64a()
	h.Write([]byte(name)) // a hash never returns an error
	return &Stream{state: mix(s.seed) ^ h.Sum64()}
}

// Stream is a sequence of decisions. In each, 0 stands for nothing out of the
// ordinary, so that a run gets calmer as its decisions get smaller.
//
// The generator is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), written out here
// because a seed must give the same run with every version of Go.
type Stream struct{ state uint64 }

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *Stream) next() uint64 {
	s.state += 0x9e3779b97f4a7c15
	return mix(s.state)
}

// Choose returns one of 0..n-1. It panics if n is not positive.
func (s *Stream) Choose(n int) int {
	if n <= 0 {
		panic("sim: Choose from nothing")
	}
	hi, _ := bits.Mul64(s.next(), uint64(n)) // the bias of 2^-64·n is of no matter here
	return int(hi)
}

// Chance reports true with probability p.
func (s *Stream) Chance(p float64) bool {
	return float64(s.next()>>11)/(1<<53) >= 1-p
}

// Exp returns a duration, in nanoseconds, that is exponentially distributed with
// that mean.
func (s *Stream) Exp(mean int64) int64 {
	u := float64(s.next()>>11) / (1 << 53)
	return int64(-math.Log1p(-u) * float64(mean))
}

// between returns one of lo..hi.
func (s *Stream) between(lo, hi int64) int64 { return lo + int64(s.Choose(int(hi-lo+1))) }

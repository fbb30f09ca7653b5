package kernel

import (
	"math/bits"

	"github.com/dovetail-crdt/dovetail/clock"
)

// bitmap has a bit for each slot of a page.
type bitmap [pageSize / 64]uint64

func (b *bitmap) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b *bitmap) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b *bitmap) clear(i int)    { b[i/64] &^= 1 << (i % 64) }

// next returns the first set bit at i or behind it, or pageSize.
func (b *bitmap) next(i int) int {
	for k := i / 64; k < len(b); k++ {
		w := b[k]
		if k == i/64 {
			w &= ^uint64(0) << (i % 64)
		}
		if w != 0 {
			return k*64 + bits.TrailingZeros64(w)
		}
	}
	return pageSize
}

// rank returns how many bits are set below i.
func (b *bitmap) rank(i int) (n int) {
	for _, w := range b[:i/64] {
		n += bits.OnesCount64(w)
	}
	return n + bits.OnesCount64(b[i/64]&(1<<(i%64)-1))
}

// setRange sets the bits from..to-1.
func (b *bitmap) setRange(from, to int) {
	for from < to {
		k, n := from/64, min(64-from%64, to-from)
		b[k] |= ^uint64(0) >> (64 - n) << (from % 64)
		from += n
	}
}

// within reports whether all bits of b are set in o.
func (b *bitmap) within(o *bitmap) bool {
	return b[0]&^o[0]|b[1]&^o[1]|b[2]&^o[2]|b[3]&^o[3] == 0
}

// keep clears the bits of numbers outside a run; bit 0 is number lo.
func (b *bitmap) keep(run clock.Interval, lo uint64) {
	for i := range b {
		from := lo + uint64(i)*64
		if run.Lo > from {
			if n := run.Lo - from; n >= 64 {
				b[i] = 0
			} else {
				b[i] &= ^uint64(0) << n
			}
		}
		if run.Hi < from+63 {
			if run.Hi < from {
				b[i] = 0
			} else {
				b[i] &= ^uint64(0) >> (from + 63 - run.Hi)
			}
		}
	}
}

package kernel

import (
	"encoding/binary"
	"math/bits"
)

// table finds the entries that stand directly in one node by the hash of their
// segment. It is a hash table of buckets of one cache line: bucketSlots refs, each
// with a tag of eight bits of the hash, all of which are compared at once, so that
// a ref whose segment differs is rarely followed; what does not fit stands in the
// next buckets. Removing leaves no mark, so a table whose size does not change is
// never rebuilt.
//
// The zero value is an empty table.
type table struct {
	buckets []bucket
	n       int
	least   int // refs below which it is rebuilt smaller
}

// bucket holds refs, of which the highest bit says that several entries share the slot.
type bucket struct {
	tag [bucketSlots]uint8
	// The head says, from the lowest bit on: how many slots are taken (four bits);
	// how many buckets on a ref may stand that belongs here (eight); how many stand
	// elsewhere.
	head uint32
	ref  [bucketSlots]uint32
}

const (
	bucketSlots = 12
	headCount   = 1<<4 - 1
	headDist    = 4
	distMost    = 1<<8 - 1
	headOver    = 12

	slotShared = 1 << 31 // of a slot: several entries share the segment; see sharedSlot
	fillMost   = 10      // refs a bucket, on average, at which a table grows
	fillLeast  = 5       // and at which it shrinks
	fillNew    = 7
)

func refOf(slot uint32) ref { return ref(slot &^ slotShared) }

func (t *table) home(h uint64) uint64 {
	hi, _ := bits.Mul64(h, uint64(len(t.buckets)))
	return hi
}

func (t *table) step(b uint64) uint64 {
	if b++; b == uint64(len(t.buckets)) {
		return 0
	}
	return b
}

func (b *bucket) taken() uint32 { return b.head & headCount }

// far returns how many buckets on a ref may stand that belongs here.
func (b *bucket) far() uint32 { return b.head >> headDist & distMost }

// matches returns a bit for each slot that is taken and has the tag of a hash.
func (b *bucket) matches(h uint64) uint32 {
	const low = 0x7f7f7f7f7f7f7f7f
	all := uint64(uint8(h)) * 0x0101010101010101
	x := binary.LittleEndian.Uint64(b.tag[:8]) ^ all
	y := uint64(binary.LittleEndian.Uint32(b.tag[8:])) ^ all
	// The highest bit of each byte that is 0, then those bits side by side.
	x = ^((x&low + low) | x | low) >> 7 * 0x0102040810204080 >> 56
	y = ^((y&low + low) | y | low) >> 7 * 0x0102040810204080 >> 56
	return (uint32(x) | uint32(y)<<8) & (1<<b.taken() - 1)
}

// locate returns the position of the slot that want accepts among those that may
// hold a segment of that hash, or nil.
func (t *table) locate(h uint64, want func(r ref) bool) *uint32 {
	if t.n == 0 {
		return nil
	}
	at := t.home(h)
	b := &t.buckets[at]
	for far := b.far(); ; far-- {
		for hits := b.matches(h); hits != 0; hits &= hits - 1 {
			if slot := &b.ref[bits.TrailingZeros32(hits)&15]; want(refOf(*slot)) {
				return slot
			}
		}
		if far == 0 {
			return nil
		}
		at = t.step(at)
		b = &t.buckets[at]
	}
}

// exact returns where a ref stands: the bucket, and the slot or -1.
func (t *table) exact(h uint64, r ref) (at uint64, i int) {
	if t.n == 0 {
		return 0, -1
	}
	at = t.home(h)
	b := &t.buckets[at]
	for far := b.far(); ; far-- {
		for hits := b.matches(h); hits != 0; hits &= hits - 1 {
			if i := bits.TrailingZeros32(hits); refOf(b.ref[i&15]) == r {
				return at, i
			}
		}
		if far == 0 {
			return 0, -1
		}
		at = t.step(at)
		b = &t.buckets[at]
	}
}

// replace makes a ref say another; one that is not here is left alone.
func (t *table) replace(h uint64, old, now ref) {
	if at, i := t.exact(h, old); i >= 0 {
		slot := &t.buckets[at].ref[i]
		*slot = *slot&slotShared | uint32(now)
	}
}

// add puts a slot (ref and flag) that is not here; the caller has made room.
func (t *table) add(h uint64, slot uint32) bool {
	home := t.home(h)
	at := home
	for far := uint32(0); far <= distMost; far++ {
		b := &t.buckets[at]
		if n := b.taken(); n < bucketSlots {
			b.tag[n], b.ref[n] = uint8(h), slot
			b.head++
			if far > 0 {
				head := &t.buckets[home].head
				dist := max(*head>>headDist&distMost, far)
				*head = *head&^(distMost<<headDist) | dist<<headDist
				*head += 1 << headOver
			}
			t.n++
			return true
		}
		at = t.step(at)
	}
	return false
}

// removeExact takes out a ref whose slot is not shared and reports whether it was there.
func (t *table) removeExact(h uint64, r ref) bool {
	at, i := t.exact(h, r)
	if i < 0 || t.buckets[at].ref[i]&slotShared != 0 {
		return false
	}
	t.cut(t.home(h), at, i)
	return true
}

// cut takes out slot i of bucket at, which belongs to bucket home.
func (t *table) cut(home, at uint64, i int) {
	b := &t.buckets[at]
	b.head--
	last := b.taken()
	b.tag[i], b.ref[i] = b.tag[last], b.ref[last]
	b.tag[last], b.ref[last] = 0, 0
	if at != home {
		head := &t.buckets[home].head
		if *head -= 1 << headOver; *head < 1<<headOver {
			*head &= headCount
		}
	}
	t.n--
}

// remove takes out the slot at pos, which is in this table.
func (t *table) remove(h uint64, pos *uint32) {
	home := t.home(h)
	for at := home; ; at = t.step(at) {
		for i := range bucketSlots {
			if &t.buckets[at].ref[i] == pos {
				t.cut(home, at, i)
				return
			}
		}
	}
}

// each calls f with every slot until f returns false.
func (t *table) each(f func(slot uint32) bool) {
	for i := range t.buckets {
		b := &t.buckets[i]
		for _, slot := range b.ref[:b.taken()] {
			if !f(slot) {
				return
			}
		}
	}
}

// wants returns how many buckets the table should have for one more ref, and
// whether it has too few or far too many.
func (t *table) wants() (buckets int, rebuild bool) {
	nb := len(t.buckets)
	if t.n >= nb*fillMost || t.n < t.least {
		return t.n/fillNew + 1, true
	}
	return nb, false
}

// shrinksBelow decides when the table shrinks, now that it has been rebuilt. It must
// have lost a share of its refs first, also if they stand so unevenly that it has more
// buckets than they need: else it would be rebuilt with each one that goes.
func (t *table) shrinksBelow() {
	if t.least = 0; len(t.buckets) > 4 {
		t.least = min(len(t.buckets)*fillLeast, t.n*fillLeast/fillNew)
	}
}

// reset empties the table and gives it so many buckets.
func (t *table) reset(buckets int) {
	t.buckets = make([]bucket, buckets)
	t.n = 0
}

package kernel

import "math/bits"

// table finds the entries that stand directly in one node by the hash of their
// segment. It is a hash table of buckets of one cache line: bucketSlots refs, each
// with some bits of the hash above it, so that a ref whose segment differs is
// rarely followed; what does not fit stands in the next buckets. Removing leaves
// no mark, so a table whose size does not change is never rebuilt.
//
// The zero value is an empty table.
type table struct {
	buckets [][bucketSize]uint32
	n       int
	refBits uint8 // a ref takes the lower refBits of a slot
}

const (
	bucketSize  = 16
	bucketSlots = bucketSize - 1 // the last word is the head
	// The head of a bucket says, from the lowest bit on: how many slots are taken
	// (four bits); how many buckets on a ref may stand that belongs here (eight);
	// how many stand elsewhere.
	headCount = 1<<4 - 1
	headDist  = 4
	distMost  = 1<<8 - 1
	headOver  = 12

	slotCrowd = 1 << 31 // of a slot: several entries share the segment; see crowd
	fillMost  = 12      // refs a bucket, on average, at which a table grows
	fillLeast = 5       // and at which it shrinks
	fillNew   = 9
)

func (t *table) home(h uint64) uint64 {
	hi, _ := bits.Mul64(h, uint64(len(t.buckets)))
	return hi
}

// tag returns the bits of the hash that stand above a ref.
func (t *table) tag(h uint64) uint32 { return uint32(h) << (t.refBits & 31) &^ slotCrowd }

func (t *table) refOf(slot uint32) ref { return ref(slot & (1<<(t.refBits&31) - 1)) }

func (t *table) step(b uint64) uint64 {
	if b++; b == uint64(len(t.buckets)) {
		return 0
	}
	return b
}

// locate returns the position of the slot that want accepts among those that may
// hold a segment of that hash, or nil.
func (t *table) locate(h uint64, want func(slot uint32) bool) *uint32 {
	if t.n == 0 {
		return nil
	}
	tag, mask := t.tag(h), ^(uint32(1)<<(t.refBits&31)-1)&^slotCrowd
	b := t.home(h)
	for far := t.buckets[b][bucketSlots] >> headDist & distMost; ; far-- {
		bucket := &t.buckets[b]
		for hits := matches(bucket, mask, tag) & taken(bucket); hits != 0; hits &= hits - 1 {
			if i := bits.TrailingZeros32(hits); want(bucket[i&15]) {
				return &bucket[i&15]
			}
		}
		if far == 0 {
			return nil
		}
		b = t.step(b)
	}
}

// matches returns a bit for each slot that is want under the mask. It has no
// branch: one that depends on data costs more than comparing all.
func matches(bucket *[bucketSize]uint32, mask, want uint32) (hits uint32) {
	for i := range bucketSlots {
		// The sign of x-1 without that of x is set if and only if x is 0.
		x := bucket[i]&mask ^ want
		hits |= (x - 1) &^ x >> 31 << i
	}
	return hits
}

// taken returns a bit for each slot that holds a ref.
func taken(bucket *[bucketSize]uint32) uint32 { return 1<<(bucket[bucketSlots]&headCount) - 1 }

// exact returns where a ref stands: the bucket, and the slot or -1.
func (t *table) exact(h uint64, r ref) (b uint64, i int) {
	if t.n == 0 {
		return 0, -1
	}
	want := t.tag(h) | uint32(r)
	b = t.home(h)
	for far := t.buckets[b][bucketSlots] >> headDist & distMost; ; far-- {
		bucket := &t.buckets[b]
		if hits := matches(bucket, ^uint32(slotCrowd), want) & taken(bucket); hits != 0 {
			return b, bits.TrailingZeros32(hits)
		}
		if far == 0 {
			return 0, -1
		}
		b = t.step(b)
	}
}

// replace makes a ref say another; one that is not here is left alone.
func (t *table) replace(h uint64, old, now ref) {
	if b, i := t.exact(h, old); i >= 0 {
		slot := &t.buckets[b][i]
		*slot = *slot&slotCrowd | t.tag(h) | uint32(now)
	}
}

// add puts a slot (ref and flag) that is not here; the caller has made room.
func (t *table) add(h uint64, slot uint32) bool {
	home := t.home(h)
	b := home
	for far := uint32(0); far <= distMost; far++ {
		bucket := &t.buckets[b]
		if n := bucket[bucketSlots] & headCount; n < bucketSlots {
			bucket[n] = slot | t.tag(h)
			bucket[bucketSlots]++
			if far > 0 {
				head := &t.buckets[home][bucketSlots]
				dist := max(*head>>headDist&distMost, far)
				*head = *head&^(distMost<<headDist) | dist<<headDist
				*head += 1 << headOver
			}
			t.n++
			return true
		}
		b = t.step(b)
	}
	return false
}

// removeExact takes out a ref that is no crowd and reports whether it was there.
func (t *table) removeExact(h uint64, r ref) bool {
	b, i := t.exact(h, r)
	if i < 0 || t.buckets[b][i]&slotCrowd != 0 {
		return false
	}
	t.cut(t.home(h), b, i)
	return true
}

// cut takes out slot i of bucket b, which belongs to bucket home.
func (t *table) cut(home, b uint64, i int) {
	bucket := &t.buckets[b]
	bucket[bucketSlots]--
	last := bucket[bucketSlots] & headCount
	bucket[i], bucket[last] = bucket[last], 0
	if b != home {
		head := &t.buckets[home][bucketSlots]
		if *head -= 1 << headOver; *head < 1<<headOver {
			*head &= headCount
		}
	}
	t.n--
}

// remove takes out the slot at pos, which is in this table.
func (t *table) remove(h uint64, pos *uint32) {
	home := t.home(h)
	for b := home; ; b = t.step(b) {
		for i := range bucketSlots {
			if &t.buckets[b][i] == pos {
				t.cut(home, b, i)
				return
			}
		}
	}
}

// each calls f with every slot until f returns false.
func (t *table) each(f func(slot uint32) bool) {
	for b := range t.buckets {
		bucket := &t.buckets[b]
		for _, slot := range bucket[:bucket[bucketSlots]&headCount] {
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
	if t.n >= nb*fillMost || nb > 4 && t.n < nb*fillLeast {
		return t.n/fillNew + 1, true
	}
	return nb, false
}

// refBits returns how many bits a ref takes if there are so many pages.
func refBits(pages int) uint8 { return uint8(bits.Len(uint(pages)*pageSize - 1)) }

// reset empties the table and gives it so many buckets; a ref takes the bits of
// one of up to twice as many pages, since rebuilding a table for the want of a
// bit takes as long as for the want of room.
func (t *table) reset(buckets, pages int) {
	t.buckets = make([][bucketSize]uint32, buckets)
	t.n = 0
	t.refBits = min(refBits(pages)+1, 31)
}

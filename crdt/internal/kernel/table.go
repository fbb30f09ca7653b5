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
	bucketSlots = bucketSize - 1 // the last word is the overflow
	// The overflow says how many refs that belong here stand further on, in the
	// upper 24 bits, and how many buckets on the last of them may stand.
	overOne  = 1 << 8
	overDist = overOne - 1

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
func (t *table) tag(h uint64) uint32 { return uint32(h) << t.refBits &^ slotCrowd }

func (t *table) refOf(slot uint32) ref { return ref(slot &^ slotCrowd & (1<<t.refBits - 1)) }

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
	tag, mask := t.tag(h), ^(uint32(1)<<t.refBits-1)&^slotCrowd
	b := t.home(h)
	far := t.buckets[b][bucketSlots] & overDist
	for {
		bucket := &t.buckets[b]
		for i := range bucketSlots {
			slot := bucket[i]
			if slot == 0 {
				break
			}
			if slot&mask == tag && want(slot) {
				return &bucket[i]
			}
		}
		if far == 0 {
			return nil
		}
		far--
		b = t.step(b)
	}
}

// exact returns the position of a ref, or nil.
func (t *table) exact(h uint64, r ref) *uint32 {
	if t.n == 0 {
		return nil
	}
	want := t.tag(h) | uint32(r)
	b := t.home(h)
	far := t.buckets[b][bucketSlots] & overDist
	for {
		bucket := &t.buckets[b]
		for i := range bucketSlots {
			if bucket[i]&^slotCrowd == want {
				return &bucket[i]
			}
		}
		if far == 0 {
			return nil
		}
		far--
		b = t.step(b)
	}
}

// replace makes a ref say another; one that is not here is left alone.
func (t *table) replace(h uint64, old, now ref) {
	if slot := t.exact(h, old); slot != nil {
		*slot = *slot&slotCrowd | t.tag(h) | uint32(now)
	}
}

// add puts a slot (ref and flag) that is not here; the caller has made room.
func (t *table) add(h uint64, slot uint32) bool {
	home := t.home(h)
	b := home
	for far := uint32(0); far <= overDist; far++ {
		bucket := &t.buckets[b]
		for i := range bucketSlots {
			if bucket[i] != 0 {
				continue
			}
			bucket[i] = slot | t.tag(h)
			if far > 0 {
				over := &t.buckets[home][bucketSlots]
				*over = max(*over&overDist, far) | *over&^overDist + overOne
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
	if t.n == 0 {
		return false
	}
	want := t.tag(h) | uint32(r)
	home := t.home(h)
	b := home
	far := t.buckets[b][bucketSlots] & overDist
	for {
		bucket := &t.buckets[b]
		for i := range bucketSlots {
			if bucket[i] == want {
				t.cut(home, b, i)
				return true
			}
		}
		if far == 0 {
			return false
		}
		far--
		b = t.step(b)
	}
}

// cut takes out slot i of bucket b, which belongs to bucket home.
func (t *table) cut(home, b uint64, i int) {
	bucket := &t.buckets[b]
	last := i
	for last+1 < bucketSlots && bucket[last+1] != 0 {
		last++
	}
	bucket[i], bucket[last] = bucket[last], 0
	if b != home {
		over := &t.buckets[home][bucketSlots]
		if *over -= overOne; *over < overOne {
			*over = 0
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
		for _, slot := range t.buckets[b][:bucketSlots] {
			if slot == 0 {
				break
			}
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
// one of that many pages.
func (t *table) reset(buckets, pages int) {
	t.buckets = make([][bucketSize]uint32, buckets)
	t.n = 0
	t.refBits = refBits(pages)
}

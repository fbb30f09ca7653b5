package kernel

import (
	"cmp"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Tags of an entry's value.
const (
	tagPut   = 0
	tagTotal = 1
	tagDeny  = 2
)

// AppendBody appends what is live in s and its bases, without the context:
//
//	body  = dots entry… n base…
//	dots  = the live dots, as a clock.Context
//	entry = path tag value, one for each dot, in dot order
//	value = bytes | (number - run) (run - lo) zigzag(sum)
//	base  = path replica run (run - lo) seq zigzag(sum) by, in order of path, replica, run
//	path  = shared n segment…, shared counting the segments in common with the path before
//
// Integers are LEB128, replica is eight bytes. The encoding is canonical.
func (s *State) AppendBody(b []byte) []byte {
	var dots clock.Context
	s.each(func(e *Entry) { dots.Add(e.dot) })
	b, _ = dots.AppendBinary(b) // never fails
	p := pathWriter{}
	s.each(func(e *Entry) {
		b = p.append(b, e.at)
		b = appendValue(b, e)
	})
	b = wire.AppendUvarint(b, uint64(s.bases))
	p = pathWriter{}
	if s.bases > 0 {
		b = appendBases(b, &p, s.root)
	}
	return b
}

func appendValue(b []byte, e *Entry) []byte {
	t := e.val.Total
	if e.val.Deny {
		return append(b, tagDeny)
	}
	if t == nil {
		return wire.AppendBytes(append(b, tagPut), e.val.Put)
	}
	b = wire.AppendUvarint(append(b, tagTotal), e.dot.Seq-t.Run)
	b = wire.AppendUvarint(b, t.Run-t.Lo)
	return wire.AppendVarint(b, int64(t.Sum))
}

func appendBases(b []byte, p *pathWriter, n *node) []byte {
	for _, x := range n.bases {
		b = p.append(b, n)
		b = wire.AppendUint64(b, uint64(x.Replica))
		b = wire.AppendUvarint(b, x.Run)
		b = wire.AppendUvarint(b, x.Run-x.Lo)
		b = wire.AppendUvarint(b, x.Seq)
		b = wire.AppendVarint(b, int64(x.Sum))
		b, _ = x.By.AppendBinary(b) // never fails
	}
	for _, k := range n.sorted() {
		b = appendBases(b, p, k)
	}
	return b
}

// pathWriter codes each path by what it has in common with the one before.
type pathWriter struct{ last, next []string }

func (p *pathWriter) append(b []byte, n *node) []byte {
	p.last, p.next = p.next, n.appendPath(p.last[:0])
	shared := common(p.last, p.next)
	b = wire.AppendUvarint(b, uint64(shared))
	b = wire.AppendUvarint(b, uint64(len(p.next)-shared))
	for _, seg := range p.next[shared:] {
		b = wire.AppendBytes(b, seg)
	}
	return b
}

// common returns how many first segments a and b share.
func common(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// compareBases tells how a base relates to the one before it in an encoding.
func compareBases(pa []string, a Base, pb []string, b Base) int {
	return cmp.Or(slices.Compare(pa, pb), a.compareRun(b.Replica, b.Run))
}

package kernel

import "github.com/dovetail-crdt/dovetail/clock/wire"

// AppendBody appends what is live in s and its bases, without the context, to
// which it is relative. The format is that of FORMAT.md: columns in dot order.
//
//	body    = dots nodes [entries] bases
//	dots    = of each row of the context: n, then n runs of live dots (gap, length-1);
//	          the first gap counts from the row's first dot, the others from the
//	          end of the run before, less two
//	nodes   = n, then of each inner node in order of first use: parent, segment
//	entries = columns, as runs: node, role<<2|value form, content length;
//	          then all contents; value lengths, as runs; all values; all totals
//	total   = number-run, run-lo, zigzag sum
//	bases   = n, then of each place in order of path: node, segment, m, then of m
//	          bases in order: replica, run, run-lo, seq, zigzag sum, by
//
// Integers are LEB128; a segment and a value length-prefixed; replica is eight
// bytes. The encoding is canonical.
func (s *State) AppendBody(b []byte) []byte {
	e := encoder{s: s}
	b = e.dots(b)
	bases := s.sortedBases()
	b = e.nodes(b, bases)
	if s.live > 0 {
		b = e.entries(b)
	}
	b = wire.AppendUvarint(b, uint64(len(bases)))
	for _, x := range bases {
		b = e.base(b, x)
	}
	return b
}

type encoder struct {
	s      *State
	code   []uint32 // of nodes, by id: 0 is outside, 1 the root
	values int      // entries with bytes
	totals int
}

// nodes numbers the inner nodes in order of first use and writes them.
func (e *encoder) nodes(b []byte, bases []placed) []byte {
	s := e.s
	if len(s.nodes) <= 2 {
		return append(b, 0)
	}
	e.code = make([]uint32, len(s.nodes))
	e.code[root] = 1
	var order []nodeID
	var number func(id nodeID)
	number = func(id nodeID) {
		if id <= root || e.code[id] != 0 {
			return
		}
		number(s.nodes[id].up)
		order = append(order, id)
		e.code[id] = uint32(1 + len(order))
	}
	var last nodeID
	s.eachLive(func(p *page, slot int) bool {
		if at := p.infoOf(slot).at(); at != last {
			last = at
			number(at)
		}
		return true
	})
	for _, x := range bases {
		number(x.pl.at)
	}
	b = wire.AppendUvarint(b, uint64(len(order)))
	for _, id := range order {
		n := &s.nodes[id]
		b = wire.AppendUvarint(b, uint64(e.code[n.up]))
		b = wire.AppendBytes(b, n.seg)
	}
	return b
}

func (e *encoder) codeOf(id nodeID) uint64 {
	if id <= root {
		return uint64(id)
	}
	return uint64(e.code[id])
}

func (e *encoder) base(b []byte, x placed) []byte {
	bases := e.s.basesAt(x.pl)
	b = wire.AppendUvarint(b, e.codeOf(x.pl.at))
	b = wire.AppendBytes(b, x.pl.seg)
	b = wire.AppendUvarint(b, uint64(len(bases)))
	for i := range bases {
		b = bases[i].appendTo(b)
	}
	return b
}

// appendTo appends a base, as versions 1 and 2 of the format write it and
// decoder.base reads it.
func (x Base) appendTo(b []byte) []byte {
	b = wire.AppendUint64(b, uint64(x.Replica))
	b = wire.AppendUvarint(b, x.Run)
	b = wire.AppendUvarint(b, x.Run-x.Lo)
	b = wire.AppendUvarint(b, x.Seq)
	b = wire.AppendVarint(b, int64(x.Sum))
	b, _ = x.By.AppendBinary(b) // never fails
	return b
}

// inOrder yields the pages in order of their dots.
func (s *State) inOrder() func(yield func(*page) bool) {
	return func(yield func(*page) bool) {
		if s.small != nil {
			yield(s.small)
			return
		}
		for i := range s.lanes {
			for _, e := range s.lanes[i].dir {
				if !yield(e.p) {
					return
				}
			}
		}
	}
}

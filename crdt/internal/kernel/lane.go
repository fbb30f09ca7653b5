package kernel

import (
	"cmp"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// laneChunk bounds a chunk of a lane: inserting or removing moves at most this
// many pointers, whatever the size of the state.
const laneChunk = 512

// lane is the live entries of one replica in order of their numbers, as a list
// of sorted chunks. Appending, the common case, is O(1); finding, inserting and
// removing are O(log n + laneChunk).
type lane struct {
	id     clock.ReplicaID
	chunks [][]*Entry // none empty
	n      int
}

// chunkOf returns the index of the first chunk whose last number is at least
// seq.
func (l *lane) chunkOf(seq uint64) int {
	i, _ := slices.BinarySearchFunc(l.chunks, seq, func(c []*Entry, s uint64) int {
		return cmp.Compare(c[len(c)-1].dot.Seq, s)
	})
	return i
}

func position(c []*Entry, seq uint64) (int, bool) {
	return slices.BinarySearchFunc(c, seq, func(e *Entry, s uint64) int { return cmp.Compare(e.dot.Seq, s) })
}

func (l *lane) find(seq uint64) *Entry {
	if i := l.chunkOf(seq); i < len(l.chunks) {
		if j, ok := position(l.chunks[i], seq); ok {
			return l.chunks[i][j]
		}
	}
	return nil
}

func (l *lane) insert(e *Entry) {
	l.n++
	i := l.chunkOf(e.dot.Seq)
	if i == len(l.chunks) { // beyond the end: append
		if i == 0 || len(l.chunks[i-1]) == laneChunk {
			l.chunks = append(l.chunks, []*Entry{e})
			return
		}
		l.chunks[i-1] = append(l.chunks[i-1], e)
		return
	}
	c := l.chunks[i]
	j, _ := position(c, e.dot.Seq)
	if c = slices.Insert(c, j, e); len(c) <= laneChunk {
		l.chunks[i] = c
		return
	}
	half := len(c) / 2
	l.chunks = slices.Insert(l.chunks, i+1, slices.Clone(c[half:]))
	l.chunks[i] = slices.Delete(c, half, len(c))
}

func (l *lane) remove(seq uint64) {
	i := l.chunkOf(seq)
	j, _ := position(l.chunks[i], seq)
	l.n--
	if l.chunks[i] = slices.Delete(l.chunks[i], j, j+1); len(l.chunks[i]) == 0 {
		l.chunks = slices.Delete(l.chunks, i, i+1)
	}
}

// within calls f for the entries numbered in to, in order. F must not change
// the lane.
func (l *lane) within(in clock.Interval, f func(*Entry)) {
	for i := l.chunkOf(in.Lo); i < len(l.chunks); i++ {
		c := l.chunks[i]
		j := 0
		if c[0].dot.Seq < in.Lo {
			j, _ = position(c, in.Lo)
		}
		for ; j < len(c); j++ {
			if c[j].dot.Seq > in.Hi {
				return
			}
			f(c[j])
		}
	}
}

// all calls f for every entry, in order.
func (l *lane) all(f func(*Entry)) {
	for _, c := range l.chunks {
		for _, e := range c {
			f(e)
		}
	}
}

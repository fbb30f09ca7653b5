package crdt

import (
	"iter"
	"maps"
	"slices"
)

// The lattices of this package without a context are decomposed by total, cell,
// element or value.

// without returns the totals of t that are larger than those of o.
func (t *rows) without(o *rows, width int) rows {
	t, o = t.settled(width), o.settled(width)
	var out rows
	ids, at := []byte(nil), 0
	for i := range t.ids.len() {
		row := slices.Clone(t.totals[i*width : (i+1)*width])
		var known bool
		if at, known = o.ids.find(t.ids.at(i), at); known {
			some := uint64(0)
			for j, have := range o.totals[at*width : (at+1)*width] {
				if row[j] <= have {
					row[j] = 0
				}
				some |= row[j]
			}
			if some == 0 {
				continue
			}
		}
		ids = append(ids, t.ids[i*idSize:(i+1)*idSize]...)
		out.totals = append(out.totals, row...)
	}
	out.ids = replicas(ids)
	return out
}

// cells yields each total that is not zero as a table of its own.
func (t *rows) cells(width int) iter.Seq[rows] {
	return func(yield func(rows) bool) {
		t := t.settled(width)
		for i, n := range t.totals {
			if n == 0 {
				continue
			}
			row := make([]uint64, width)
			row[i%width] = n
			if !yield(rowOf(t.ids.at(i/width), row...)) {
				return
			}
		}
	}
}

// parts implements decomposer: a part is the total of one replica.
func (c *GCounter) parts() iter.Seq[*GCounter] {
	return func(yield func(*GCounter) bool) {
		for r := range c.table().cells(1) {
			if !yield(&GCounter{r}) {
				return
			}
		}
	}
}

// without implements decomposer. O(replicas); of few, O(m log n).
func (c *GCounter) without(s *GCounter) *GCounter {
	return &GCounter{c.table().without(s.table(), 1)}
}

func (c *GCounter) table() *rows {
	if c == nil {
		return &rows{}
	}
	return &c.rows
}

// parts implements decomposer: a part is the total of the increments or of the
// decrements of one replica.
func (c *PNCounter) parts() iter.Seq[*PNCounter] {
	return func(yield func(*PNCounter) bool) {
		for r := range c.table().cells(pnWidth) {
			if !yield(&PNCounter{r}) {
				return
			}
		}
	}
}

// without implements decomposer. O(replicas); of few, O(m log n).
func (c *PNCounter) without(s *PNCounter) *PNCounter {
	return &PNCounter{c.table().without(s.table(), pnWidth)}
}

func (c *PNCounter) table() *rows {
	if c == nil {
		return &rows{}
	}
	return &c.rows
}

// parts implements decomposer: a part is one cell.
func (c *BoundedCounter) parts() iter.Seq[*BoundedCounter] {
	return func(yield func(*BoundedCounter) bool) {
		if c == nil {
			return
		}
		for _, k := range slices.SortedFunc(maps.Keys(c.cells), cell.compare) {
			if !yield(&BoundedCounter{c.bounds, map[cell]uint64{k: c.cells[k]}}) {
				return
			}
		}
	}
}

// without implements decomposer. O(cells of the receiver).
func (c *BoundedCounter) without(s *BoundedCounter) *BoundedCounter {
	out := &BoundedCounter{cells: make(map[cell]uint64)}
	if c == nil {
		return out
	}
	out.bounds = c.bounds
	for k, n := range c.cells {
		if s == nil || n > s.cells[k] {
			out.cells[k] = n
		}
	}
	return out
}

// parts implements decomposer: a part is one element.
func (s *GSet[E]) parts() iter.Seq[*GSet[E]] {
	return func(yield func(*GSet[E]) bool) {
		if s == nil {
			return
		}
		for _, raw := range slices.Sorted(maps.Keys(s.has)) {
			if !yield(&GSet[E]{map[string]struct{}{raw: {}}, s.codec}) {
				return
			}
		}
	}
}

// without implements decomposer. O(elements of the receiver).
func (s *GSet[E]) without(o *GSet[E]) *GSet[E] {
	out := &GSet[E]{has: make(map[string]struct{})}
	if s == nil {
		return out
	}
	out.codec = s.codec
	for raw := range s.has {
		if o != nil {
			if _, known := o.has[raw]; known {
				continue
			}
		}
		out.has[raw] = struct{}{}
	}
	return out
}

// parts implements decomposer: a part is a part of the value of one key, if the
// values are a decomposer too, and else that value.
func (m *GMap[K, S]) parts() iter.Seq[*GMap[K, S]] {
	return func(yield func(*GMap[K, S]) bool) {
		if m == nil {
			return
		}
		for _, raw := range slices.Sorted(maps.Keys(m.values)) {
			for v := range parts(m.values[raw]) {
				if !yield(&GMap[K, S]{map[string]S{raw: v}, m.keys, m.kind}) {
					return
				}
			}
		}
	}
}

// without implements decomposer. O(values of the receiver, and of s for their
// keys if they are no decomposer).
func (m *GMap[K, S]) without(s *GMap[K, S]) *GMap[K, S] {
	out := &GMap[K, S]{values: make(map[string]S)}
	if m == nil {
		return out
	}
	out.keys, out.kind = m.keys, m.kind
	for raw, v := range m.values {
		if s == nil {
			out.values[raw] = v.Clone()
		} else if was, known := s.values[raw]; !known {
			out.values[raw] = v.Clone()
		} else if news, changed := strip(was, v, false); changed {
			out.values[raw] = news
		}
	}
	return out
}

// parts implements decomposer: the register is one part.
func (r *MaxRegister[T]) parts() iter.Seq[*MaxRegister[T]] {
	return func(yield func(*MaxRegister[T]) bool) {
		if !r.IsBottom() {
			yield(r.Clone())
		}
	}
}

// without implements decomposer.
func (r *MaxRegister[T]) without(s *MaxRegister[T]) *MaxRegister[T] {
	out := &MaxRegister[T]{}
	if r == nil {
		return out
	}
	out.codec = r.codec
	if s == nil || !s.set || r.raw > s.raw {
		out.takeIf(&r.extreme, true)
	}
	return out
}

// parts implements decomposer: the register is one part.
func (r *MinRegister[T]) parts() iter.Seq[*MinRegister[T]] {
	return func(yield func(*MinRegister[T]) bool) {
		if !r.IsBottom() {
			yield(r.Clone())
		}
	}
}

// without implements decomposer.
func (r *MinRegister[T]) without(s *MinRegister[T]) *MinRegister[T] {
	out := &MinRegister[T]{}
	if r == nil {
		return out
	}
	out.codec = r.codec
	if s == nil || !s.set || r.raw < s.raw {
		out.takeIf(&r.extreme, true)
	}
	return out
}

package msgpack

import (
	"bytes"
	"reflect"
	"slices"
)

type sliceForm struct{ elem *Type }

func (f sliceForm) write(w *writer, v reflect.Value) {
	if v.IsNil() {
		w.b = append(w.b, headNil)
		return
	}
	f.elem.writeAll(w, v)
}

func (f sliceForm) read(r *reader, v reflect.Value) {
	if r.isNil() {
		return
	}
	n := r.size(array)
	if v.IsValid() {
		v.Set(reflect.MakeSlice(v.Type(), n, n))
	}
	f.elem.readAll(r, v, n)
}

// arrayForm is that of arrays of n elements.
type arrayForm struct {
	elem *Type
	n    int
}

func (f arrayForm) write(w *writer, v reflect.Value) { f.elem.writeAll(w, v) }

func (f arrayForm) read(r *reader, v reflect.Value) {
	if n := r.size(array); r.Err() == nil && n != f.n {
		r.Failf("%d elements for an array of %d", n, f.n)
	}
	f.elem.readAll(r, v, f.n)
}

// writeAll appends a slice or array of t.
func (t *Type) writeAll(w *writer, v reflect.Value) {
	w.size(array, v.Len())
	if w.enter() {
		for i := range v.Len() {
			t.form.write(w, v.Index(i))
		}
	}
	w.leave()
}

// readAll reads n elements of a slice or array of t.
func (t *Type) readAll(r *reader, v reflect.Value, n int) {
	if r.enter() {
		for i := 0; i < n && r.Err() == nil; i++ {
			e := v
			if v.IsValid() {
				e = v.Index(i)
			}
			t.form.read(r, e)
		}
	}
	r.leave()
}

type mapForm struct{ key, elem *Type }

func (f mapForm) write(w *writer, v reflect.Value) {
	if v.IsNil() {
		w.b = append(w.b, headNil)
		return
	}
	w.size(dict, v.Len())
	if w.enter() {
		s := sorter{from: len(w.b)}
		for it := v.MapRange(); it.Next(); {
			at := len(w.b)
			f.key.form.write(w, it.Key())
			value := len(w.b)
			f.elem.form.write(w, it.Value())
			s.entries = append(s.entries, entry{at, value, len(w.b)})
		}
		s.sort(w)
	}
	w.leave()
}

func (f mapForm) read(r *reader, v reflect.Value) {
	if r.isNil() {
		return
	}
	n := r.size(dict)
	var key, elem reflect.Value
	if v.IsValid() {
		v.Set(reflect.MakeMapWithSize(v.Type(), n))
		key, elem = reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	}
	r.entries(n, func() {
		r.keys++
		f.key.form.read(r, key)
		r.keys--
	}, func() {
		f.elem.form.read(r, elem)
		if v.IsValid() {
			v.SetMapIndex(key, elem)
			key.SetZero()
			elem.SetZero()
		}
	})
}

// entries reads n entries of a map, in order of the bytes of their keys.
func (r *reader) entries(n int, key, elem func()) {
	if n > 0 {
		r.countMap()
	}
	var last []byte
	if r.enter() {
		for i := range n {
			at := r.Offset()
			key()
			if r.Err() != nil {
				break
			}
			raw := r.all[at:r.Offset()]
			if i > 0 && bytes.Compare(last, raw) >= 0 {
				r.Failf("a map has a key twice or out of order")
			}
			last = raw
			elem()
		}
	}
	r.leave()
}

// sorter puts the entries of a map, which the writer has appended from a place on,
// in order of the bytes of their keys.
type sorter struct {
	from    int
	entries []entry
}

// entry is where an entry starts, where its value does, and where it ends.
type entry struct{ at, value, end int }

func (s *sorter) sort(w *writer) {
	key := func(e entry) []byte { return w.b[e.at:e.value] }
	byKey := func(a, b entry) int { return bytes.Compare(key(a), key(b)) }
	if slices.IsSortedFunc(s.entries, byKey) {
		return
	}
	slices.SortFunc(s.entries, byKey)
	sorted := make([]byte, 0, len(w.b)-s.from)
	for _, e := range s.entries {
		sorted = append(sorted, w.b[e.at:e.end]...)
	}
	copy(w.b[s.from:], sorted)
}

// pointerForm is that of pointers to what is never nil itself.
type pointerForm struct{ elem *Type }

func (f pointerForm) write(w *writer, v reflect.Value) {
	if v.IsNil() {
		w.b = append(w.b, headNil)
		return
	}
	f.elem.form.write(w, v.Elem())
}

func (f pointerForm) read(r *reader, v reflect.Value) {
	if r.isNil() {
		return
	}
	if v.IsValid() {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	f.elem.form.read(r, v)
}

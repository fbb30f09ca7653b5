package msgpack

import (
	"math"
	"reflect"
	"time"
)

// anyForm is that of the empty interface. What it held is read as nil, bool, int64
// (uint64 where it must be), float32, float64, string, []byte, time.Time, []any, and
// map[string]any, or map[any]any if not all keys are strings.
type anyForm struct{ types *types }

func (f anyForm) write(w *writer, v reflect.Value) {
	if v.IsNil() {
		w.b = append(w.b, headNil)
		return
	}
	t, err := f.types.of(v.Elem().Type())
	if err != nil {
		w.failf("%w", err)
		return
	}
	t.form.write(w, v.Elem())
}

func (f anyForm) read(r *reader, v reflect.Value) {
	if x := r.any(v.IsValid()); x != nil {
		v.Set(reflect.ValueOf(x))
	}
}

// any reads a value of no given type. It returns nil unless the value is to be made.
func (r *reader) any(made bool) any {
	switch head := r.Byte(); {
	case r.Err() != nil, head == headNil:
		return nil
	case str.has(head):
		if raw := r.Next(r.sizeBehind(str, head)); made {
			return string(raw)
		}
	case r.isKey() && !isScalar(head):
		r.Failf("byte %#02x where the key of a Go map begins", head)
	case bin.has(head):
		if raw := r.Next(r.sizeBehind(bin, head)); made {
			return append(make([]byte, 0, len(raw)), raw...)
		}
	case array.has(head):
		return r.anySlice(r.sizeBehind(array, head), made)
	case dict.has(head):
		return r.anyMap(r.sizeBehind(dict, head), made)
	case !isScalar(head):
		r.Failf("byte %#02x where a value begins", head)
	case !made:
		r.scalar(head)
	default:
		return box(r.scalar(head))
	}
	return nil
}

// isScalar reports whether head starts a value of fixed size.
func isScalar(head byte) bool {
	return isInt(head) || head == headFalse || head == headTrue || head == headFloat32 || head == headFloat64 || isTime(head)
}

// scalar is a value of fixed size: of the kind that head says, which is a Go value
// only when it is boxed.
type scalar struct {
	head  byte
	minus bool
	n     uint64
	x     float64
	t     time.Time
}

func (r *reader) scalar(head byte) (s scalar) {
	s.head = head
	switch {
	case isInt(head):
		s.n, s.minus = r.int(head)
	case head == headFloat32, head == headFloat64:
		s.x = r.float(head)
	case isTime(head):
		s.t = r.time(head)
	}
	return s
}

func box(s scalar) any {
	switch {
	case isInt(s.head) && !s.minus && s.n > math.MaxInt64:
		return s.n
	case isInt(s.head):
		return int64(s.n)
	case s.head == headFloat32:
		return float32(s.x)
	case s.head == headFloat64:
		return s.x
	case isTime(s.head):
		return s.t
	}
	return s.head == headTrue
}

// isKey reports whether what is read stands in the key of a map, which Go must be
// able to hash.
func (r *reader) isKey() bool { return r.keys > 0 }

func (r *reader) anySlice(n int, made bool) any {
	var all []any
	if made {
		all = make([]any, 0, n)
	}
	if r.enter() {
		for i := 0; i < n && r.Err() == nil; i++ {
			if e := r.any(made); made {
				all = append(all, e)
			}
		}
	}
	if r.leave(); made {
		return all
	}
	return nil
}

// anyMap reads a map of n entries. Strings come behind some keys of other types and
// before others, so a map of strings may have to be copied when one of those comes.
func (r *reader) anyMap(n int, made bool) any {
	var byString map[string]any
	var byAny map[any]any
	strings, others := false, false
	var key any
	var isString bool
	r.entries(n, func() {
		isString = r.Len() > 0 && str.has(r.all[r.Offset()])
		r.keys++
		key = r.any(made)
		r.keys--
		if !isString && strings && !others {
			r.countMap()
		}
		strings, others = strings || isString, others || !isString
	}, func() {
		e := r.any(made)
		switch {
		case !made:
		case others:
			if byAny == nil {
				byAny = make(map[any]any, n)
				for k, e := range byString {
					byAny[k] = e
				}
			}
			byAny[key] = e
		default:
			if byString == nil {
				byString = make(map[string]any, n)
			}
			byString[key.(string)] = e
		}
	})
	switch {
	case !made:
		return nil
	case others:
		return byAny
	case byString == nil:
		return map[string]any{}
	}
	return byString
}

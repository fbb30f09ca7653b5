package crdt

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The name of a kind of this package says how its values are joined. Of a kind without
// a context that was not told, a program knows by it all but what elements, keys and
// values mean, and no join asks that: a union, and an order of canonical bytes, need
// the bytes alone. So the names gset<…>, max<…>, min<…>, gmap<…,…> and
// boundedcounter<…> are those of this package, and a lattice of one's own needs
// another.

// kindOf returns the kind of that name, if it is one of this package without a context,
// or nil.
func kindOf(name string) AnyKind {
	switch name {
	case "gcounter":
		return GCounterKind()
	case "pncounter":
		return PNCounterKind()
	case "boundedcounter":
		return BoundedCounterKind(0, math.MaxInt64)
	}
	of, in, _ := strings.Cut(name, "<")
	in, closed := strings.CutSuffix(in, ">")
	if !closed || in == "" || len(name) > MaxName {
		return nil
	}
	switch raw := rawCodec(in); of {
	case "gset":
		return byName(GSetKind(raw))
	case "max":
		return byName(MaxRegisterKind(raw))
	case "min":
		return byName(MinRegisterKind(raw))
	case "gmap":
		return gmapOf(in)
	case "boundedcounter":
		return boundedOf(name, in)
	}
	return nil
}

// rawCodec is a codec of that name whose values are their bytes.
func rawCodec(name string) Codec[string] {
	c := String
	c.Name = name
	return c
}

func byName[S Lattice[S]](k Kind[S]) AnyKind {
	k.byName = true
	return k
}

// gmapOf returns the kind of maps of these keys and values. Where the name of the codec
// of the keys ends, and that of the values begins, is known only if it has none of the
// signs that could stand in both.
func gmapOf(in string) AnyKind {
	key, value, _ := strings.Cut(in, ",")
	if key == "" || strings.ContainsAny(key, "<>") {
		return nil
	}
	v := kindOf(value)
	if v == nil {
		return nil
	}
	return byName(GMapKind(rawCodec(key), untyped(v)))
}

func boundedOf(name, in string) AnyKind {
	below, above, limited := strings.Cut(in, ",")
	lower, err := strconv.ParseInt(below, 10, 64)
	upper := int64(math.MaxInt64)
	if err == nil && limited {
		upper, err = strconv.ParseInt(above, 10, 64)
	}
	if err != nil || lower >= upper {
		return nil
	}
	if k := BoundedCounterKind(lower, upper); k.Name == name {
		return k
	}
	return nil
}

// value is a lattice behind its type, as a lattice: what a map holds whose kind of
// values was not told.
type value struct{ of erased }

func untyped(k AnyKind) Kind[*value] {
	return Kind[*value]{
		Name:    k.name(),
		Version: k.contentVersion(),
		New:     func() *value { return &value{k.empty()} },
		Append:  func(b []byte, v *value) ([]byte, error) { return v.of.appendContent(b) },
		Decode: func(b []byte) (*value, error) {
			of, err := k.decodeContent(b)
			return &value{of}, err
		},
	}
}

// Merge implements Lattice.
func (v *value) Merge(delta *value) bool {
	if delta == nil {
		return false
	}
	changed, ok := v.of.merge(delta.of)
	if !ok {
		panic(fmt.Sprintf("crdt: values %T and %T in one map", v.of, delta.of))
	}
	return changed
}

// Equal implements Lattice.
func (v *value) Equal(o *value) bool {
	if v.IsBottom() || o.IsBottom() {
		return v.IsBottom() && o.IsBottom()
	}
	a, aerr := v.of.appendContent(nil)
	b, berr := o.of.appendContent(nil)
	return aerr == nil && berr == nil && bytes.Equal(a, b)
}

// Clone implements Lattice.
func (v *value) Clone() *value { return &value{v.of.clone()} }

// IsBottom implements Lattice.
func (v *value) IsBottom() bool { return v == nil || v.of.isBottom() }

// alike returns d in the form of o, if both are of one kind and one of them was known
// by its name alone.
func alike(o, d erased) (erased, error) {
	as, ok := o.(interface {
		from(d erased) (erased, error)
	})
	if !ok {
		return nil, ErrKind
	}
	return as.from(d)
}

func (l erasedLattice[S]) from(d erased) (erased, error) {
	other, ok := d.(interface{ isByName() bool })
	if !ok || !l.kind.byName && !other.isByName() {
		return nil, ErrKind
	}
	content, err := d.appendContent(nil)
	if err != nil {
		return nil, err
	}
	return l.kind.decodeContent(content)
}

func (l erasedLattice[S]) isByName() bool { return l.kind.byName }

package untyped

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
)

// The name of a kind of package crdt says how its values are joined. Of a kind without
// a context that was not told, a program knows by it all but what elements, keys and
// values mean, and no join asks that: a union, and an order of canonical bytes, need
// the bytes alone. So the names gset<…>, max<…>, min<…>, gmap<…,…> and
// boundedcounter<…> are those of that package, and a lattice of one's own needs
// another.

// knownKind returns the kind of that name, if it is one of package crdt without a
// context, or nil; and whether its values are known by that name alone.
func knownKind(name string) (of kind, byName bool) {
	switch name {
	case "gcounter":
		return crdt.GCounterKind().Erased(), false
	case "pncounter":
		return crdt.PNCounterKind().Erased(), false
	case "boundedcounter":
		return crdt.BoundedCounterKind(0, math.MaxInt64).Erased(), false
	}
	what, in, _ := strings.Cut(name, "<")
	in, closed := strings.CutSuffix(in, ">")
	if !closed || in == "" || len(name) > envelope.MaxName {
		return nil, false
	}
	switch raw := rawCodec(in); what {
	case "gset":
		return crdt.GSetKind(raw).Erased(), true
	case "max":
		return crdt.MaxRegisterKind(raw).Erased(), true
	case "min":
		return crdt.MinRegisterKind(raw).Erased(), true
	case "gmap":
		return knownMap(in), true
	case "boundedcounter":
		return knownBounds(name, in), false
	}
	return nil, false
}

// rawCodec is a codec of that name whose values are their bytes.
func rawCodec(name string) crdt.Codec[string] {
	c := crdt.String
	c.Name = name
	return c
}

// knownMap returns the kind of maps of these keys and values, or nil. Where the name of
// the codec of the keys ends, and that of the values begins, is known only if it has none
// of the signs that could stand in both.
func knownMap(in string) kind {
	key, value, _ := strings.Cut(in, ",")
	if key == "" || strings.ContainsAny(key, "<>") {
		return nil
	}
	v, _ := knownKind(value)
	if v == nil {
		return nil
	}
	return crdt.GMapKind(rawCodec(key), valueKind(v)).Erased()
}

func knownBounds(name, in string) kind {
	below, above, limited := strings.Cut(in, ",")
	lower, err := strconv.ParseInt(below, 10, 64)
	upper := int64(math.MaxInt64)
	if err == nil && limited {
		upper, err = strconv.ParseInt(above, 10, 64)
	}
	if err != nil || lower >= upper {
		return nil
	}
	if k := crdt.BoundedCounterKind(lower, upper); k.Name == name {
		return k.Erased()
	}
	return nil
}

// value is a lattice behind its type, as a lattice: what a map holds whose kind of
// values was not told.
type value struct{ of erased.State }

func valueKind(k kind) crdt.Kind[*value] {
	return crdt.Kind[*value]{
		Name:    k.Name(),
		Version: k.Version(),
		New:     func() *value { return &value{k.New()} },
		Append:  func(b []byte, v *value) ([]byte, error) { return v.of.AppendContent(b) },
		Decode: func(b []byte) (*value, error) {
			of, err := k.Decode(b)
			return &value{of}, err
		},
	}
}

// Merge implements crdt.Lattice.
func (v *value) Merge(delta *value) bool {
	if delta == nil {
		return false
	}
	changed, ok := v.of.Merge(delta.of)
	if !ok {
		panic(fmt.Sprintf("crdt: values %T and %T in one map", v.of, delta.of))
	}
	return changed
}

// Equal implements crdt.Lattice.
func (v *value) Equal(o *value) bool {
	if v.IsBottom() || o.IsBottom() {
		return v.IsBottom() && o.IsBottom()
	}
	a, aerr := v.of.AppendContent(nil)
	b, berr := o.of.AppendContent(nil)
	return aerr == nil && berr == nil && bytes.Equal(a, b)
}

// Clone implements crdt.Lattice.
func (v *value) Clone() *value { return &value{v.of.Clone()} }

// IsBottom implements crdt.Lattice.
func (v *value) IsBottom() bool { return v == nil || v.of.IsBottom() }

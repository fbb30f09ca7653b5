package crdt

import (
	"fmt"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Doc is a record of named fields of different causal types under one context:
// one transaction changes several fields in one delta, and removing a field
// resets what the remover saw of it.
//
// A field is its name and its kind. If two versions of a program give one name
// two kinds, both fields stand side by side; neither overwrites the other. Fields
// of kinds that a binary does not know are kept, merged and forwarded.
type Doc struct {
	object
	fields []DocField
}

// DocField is a declared field of a Doc, whatever its type; Field is the only
// one.
type DocField interface {
	segment() string
	schema() kernel.Schema
	depth() int
}

// Field declares a field of a Doc: its name and type. Make it with NewField, once.
type Field[V Nested[V]] struct {
	seg   string
	proto V
}

// NewField returns the declaration of a field. It panics if the name is empty or
// too long.
func NewField[V Nested[V]](name string, k Kind[V]) *Field[V] {
	declared(envelope.CheckName("field name", name))
	return &Field[V]{seg: fieldSegment(name, k.declared()), proto: k.New()}
}

func fieldSegment(name, kind string) string {
	return string(append(wire.AppendBytes([]byte{roleField}, name), kind...))
}

func splitField(seg string) (name, kind string, err error) {
	r := wire.NewReader([]byte(seg[1:]))
	name = string(r.Bytes())
	kind = string(r.Next(r.Len()))
	if r.Err() != nil || seg[0] != roleField || name == "" || kind == "" {
		return "", "", fmt.Errorf("%w: document with a path segment %q", ErrCorrupt, seg)
	}
	return name, kind, nil
}

func (f *Field[V]) segment() string {
	if f == nil || f.seg == "" {
		panic("crdt: a nil or zero Field: declare fields with NewField")
	}
	return f.seg
}

func (f *Field[V]) schema() kernel.Schema { return f.proto.schema() }
func (f *Field[V]) depth() int            { return depthOf(f.proto) }

// In returns the field of d as a view that reads and writes through; see
// AWMap.At. It panics if the kind of d does not declare the field.
func (f *Field[V]) In(d *Doc) V {
	seg := f.segment()
	if d == nil {
		panic("crdt: a nil Doc has no fields: make one with the New of its kind")
	}
	if slices.Contains(d.fields, DocField(f)) {
		return f.proto.nest(d.below(seg, nil))
	}
	panic(fmt.Sprintf("crdt: field %q is not declared in this document's kind", seg))
}

// DocKind returns the kind of documents with these fields. It panics if two of them
// have one name and one type. Programs that declare different fields share
// documents without loss.
func DocKind(fields ...DocField) Kind[*Doc] {
	seen := make(map[string]bool)
	for _, f := range fields {
		if f == nil {
			panic("crdt: DocKind of a nil field: declare fields with NewField")
		}
		if seen[f.segment()] {
			panic(fmt.Sprintf("crdt: field %q is declared twice", f.segment()))
		}
		seen[f.segment()] = true
	}
	return causalKind("doc", &Doc{fields: fields})
}

// Remove resets what this replica sees of every field of that name, whatever
// its type, known or unknown.
func (d *Doc) Remove(tx *Tx, name string) {
	if tx.openPart(&d.object) == nil {
		return
	}
	for seg := range d.obj().at().Kids() { // also fields that hold only denials, which do not show
		if n, _, err := splitField(seg); err == nil && n == name {
			tx.kill(d.below(seg, nil))
		}
	}
}

// Clear resets what this replica sees of every field.
func (d *Doc) Clear(tx *Tx) { tx.kill(d.object) }

// Prune ends the tombstones of every field that no replica needs any more; see
// AWMap.Prune.
func (d *Doc) Prune(tx *Tx, stable *clock.Context) { tx.prune(d.object, stable) }

// Fields yields name and kind of every field that holds something, in order of
// name length and name, then kind; fields removed meanwhile are skipped. A name
// that appears twice has values of two types.
func (d *Doc) Fields() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, seg := range d.obj().at().Segments() {
			name, kind, err := splitField(seg)
			if err == nil && d.obj().at().Kid(seg).Has() && !yield(name, kind) {
				return
			}
		}
	}
}

// Merge implements Lattice.
func (d *Doc) Merge(delta *Doc) bool { return merge(d, delta) }

// Equal implements Lattice; of views it compares the fields and their dots.
func (d *Doc) Equal(o *Doc) bool { return equal(d, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (d *Doc) Clone() *Doc {
	if d == nil {
		return nil
	}
	return &Doc{d.clone(), d.fields}
}

// IsBottom implements Lattice.
func (d *Doc) IsBottom() bool { return d.obj().isBottom() }

func (d *Doc) obj() *object {
	if d == nil {
		return nil
	}
	return &d.object
}

func (d *Doc) nest(o object) *Doc { return &Doc{o, d.fields} }

func (d *Doc) schema() kernel.Schema { return docSchema{d.fields} }

func (d *Doc) depth() int {
	deepest := 0
	for _, f := range d.fields {
		deepest = max(deepest, f.depth())
	}
	return 1 + deepest
}

package crdt_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// versions are two programs that disagree about a field, and a third that knows
// neither.
type versions struct {
	count                  *crdt.Field[*crdt.Counter]
	text                   *crdt.Field[*crdt.MVRegister[string]]
	note                   *crdt.Field[*crdt.LWWRegister[string]]
	old, recent, stranger  crdt.Kind[*crdt.Doc]
	oldDoc, recentDoc, odd *crdt.Doc
}

func newVersions(t *testing.T) *versions {
	t.Helper()
	v := &versions{
		count: crdt.NewField("x", crdt.CounterKind()),
		text:  crdt.NewField("x", crdt.MVRegisterKind(crdt.String)),
		note:  crdt.NewField("note", crdt.LWWRegisterKind(crdt.String)),
	}
	v.old, v.recent, v.stranger = crdt.DocKind(v.count, v.note), crdt.DocKind(v.text), crdt.DocKind()
	v.oldDoc, v.recentDoc, v.odd = v.old.New(), v.recent.New(), v.stranger.New()
	v.odd.Merge(do(t, v.oldDoc, writer(1), func(tx *crdt.Tx, d *crdt.Doc) { v.count.In(d).Add(tx, 5); v.note.In(d).Set(tx, "n") }))
	v.odd.Merge(do(t, v.recentDoc, writer(2), func(tx *crdt.Tx, d *crdt.Doc) { v.text.In(d).Set(tx, "five") }))
	return v
}

func fields(d *crdt.Doc) string {
	var s strings.Builder
	for name, kind := range d.Fields() {
		fmt.Fprintf(&s, "%s:%s ", name, kind)
	}
	return s.String()
}

// One name with two kinds is two fields, whatever a binary declares.
func TestDocKindsStandSideBySide(t *testing.T) {
	t.Parallel()
	v := newVersions(t)
	v.oldDoc.Merge(v.recentDoc)
	v.recentDoc.Merge(v.oldDoc)
	const want = "x:counter x:mv<string> note:lww<string> "
	for _, d := range []*crdt.Doc{v.oldDoc, v.recentDoc, v.odd} {
		if got := fields(d); got != want {
			t.Errorf("Fields() = %s, want %s", got, want)
		}
	}
	if v.count.In(v.oldDoc).Value() != 5 || v.text.In(v.recentDoc).Len() != 1 {
		t.Errorf("fields show %v and %d values, want 5 and 1", v.count.In(v.oldDoc), v.text.In(v.recentDoc).Len())
	}
}

// A program that declares no field merges, encodes and decodes them all.
func TestDocKeepsUnknownFields(t *testing.T) {
	t.Parallel()
	v := newVersions(t)
	v.oldDoc.Merge(v.recentDoc)
	f := frame(t, v.stranger, v.odd)
	if !bytes.Equal(f, frame(t, v.old, v.oldDoc)) {
		t.Errorf("through a stranger the document is\n%x, want\n%x", f, frame(t, v.old, v.oldDoc))
	}
	back, err := crdt.DecodeFrame(v.stranger, f)
	if err != nil {
		t.Fatal(err)
	}
	do(t, v.oldDoc, writer(3), func(tx *crdt.Tx, d *crdt.Doc) { v.count.In(d).Add(tx, 1) })
	if back.Merge(v.oldDoc); !bytes.Equal(frame(t, v.stranger, back), frame(t, v.old, v.oldDoc)) {
		t.Error("a stranger's merge differs from a typed one")
	}
	again, err := crdt.DecodeFrame(v.old, frame(t, v.stranger, back))
	if err != nil || v.count.In(again).Value() != 6 {
		t.Errorf("back with who knows it the count is lost (%v)", err)
	}
}

// Remove ends every kind under the name, also one that this binary does not
// declare, and nothing else.
func TestDocRemoveName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, remove, want string
	}{
		{"both kinds", "x", "note:lww<string> "},
		{"the other name", "note", "x:counter x:mv<string> "},
		{"an absent name", "absent", "x:counter x:mv<string> note:lww<string> "},
		{"a prefix of a name", "not", "x:counter x:mv<string> note:lww<string> "},
	}
	for _, tt := range tests {
		v := newVersions(t)
		v.oldDoc.Merge(v.recentDoc)
		delta := do(t, v.oldDoc, writer(3), func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, tt.remove) })
		if got := fields(v.oldDoc); got != tt.want {
			t.Errorf("%s: Remove(%q) leaves %s, want %s", tt.name, tt.remove, got, tt.want)
		}
		if v.odd.Merge(delta); fields(v.odd) != tt.want {
			t.Errorf("%s: its delta leaves %s at a stranger, want %s", tt.name, fields(v.odd), tt.want)
		}
		stranger, err := crdt.DecodeFrame(v.stranger, frame(t, v.recent, newVersions(t).odd))
		if err != nil {
			t.Fatal(err)
		}
		if do(t, stranger, writer(4), func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, tt.remove) }); fields(stranger) != tt.want {
			t.Errorf("%s: a stranger's Remove(%q) leaves %s, want %s", tt.name, tt.remove, fields(stranger), tt.want)
		}
	}
}

func TestDocMisusePanics(t *testing.T) {
	t.Parallel()
	v := newVersions(t)
	twin := crdt.NewField("x", crdt.CounterKind())
	panics(t, "undeclared field", "not declared", func() { v.text.In(v.oldDoc) })
	panics(t, "another declaration of the field", "not declared", func() { twin.In(v.oldDoc) })
	panics(t, "two fields of one name and type", "declared twice", func() { crdt.DocKind(v.count, twin) })
	panics(t, "empty name", "field name", func() { crdt.NewField("", crdt.CounterKind()) })
	panics(t, "name that is not UTF-8", "field name", func() { crdt.NewField("\xff", crdt.CounterKind()) })
	panics(t, "long name", "field name", func() {
		crdt.NewField(string(make([]byte, envelope.MaxName+1)), crdt.CounterKind())
	})
}

// A document can be the value of a map; its fields are views all the same.
func TestDocInMap(t *testing.T) {
	t.Parallel()
	v := newVersions(t)
	k := crdt.AWMapKind(crdt.String, v.old)
	m := k.New()
	type docs = crdt.AWMap[string, *crdt.Doc]
	delta := do(t, m, writer(1), func(tx *crdt.Tx, m *docs) { v.count.In(m.At("a")).Add(tx, 2); v.note.In(m.At("b")).Set(tx, "x") })
	other := k.New()
	other.Merge(delta)
	do(t, other, writer(2), func(tx *crdt.Tx, m *docs) { m.At("a").Remove(tx, "x"); m.At("b").Clear(tx) })
	m.Merge(do(t, m, writer(3), func(tx *crdt.Tx, m *docs) { v.count.In(m.At("a")).Add(tx, 4) }))
	m.Merge(other)
	if m.Len() != 1 || v.count.In(m.At("a")).Value() != 4 {
		t.Errorf("map has %d documents, count is %v, want 1 and 4", m.Len(), v.count.In(m.At("a")))
	}
	back, err := crdt.DecodeFrame(k, frame(t, k, m))
	if err != nil || !back.Equal(m) {
		t.Errorf("DecodeFrame = %v", err)
	}
}

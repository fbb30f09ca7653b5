package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// typedCase changes an object through its type.
type typedCase struct {
	kind   crdt.AnyKind
	change func(tx *crdt.Tx, o *untyped.Object, i int) error
	append func(o *untyped.Object) ([]byte, error) // as the type appends its frame
}

func caseOf[S crdt.Lattice[S]](k crdt.Kind[S], change func(tx *crdt.Tx, s S, i int)) typedCase {
	return typedCase{
		k,
		func(tx *crdt.Tx, o *untyped.Object, i int) error {
			s, err := untyped.ValueOf(k, o)
			if err == nil {
				change(tx, s, i)
			}
			return err
		},
		func(o *untyped.Object) ([]byte, error) {
			s, err := untyped.ValueOf(k, o)
			if err != nil {
				return nil, err
			}
			return crdt.AppendFrame(nil, k, s)
		},
	}
}

func typedCases() []typedCase {
	return []typedCase{
		caseOf(crdt.AWSetKind(crdt.Int64), func(tx *crdt.Tx, s *crdt.AWSet[int64], i int) { s.Add(tx, int64(i)) }),
		caseOf(crdt.CounterKind(), func(tx *crdt.Tx, c *crdt.Counter, i int) { c.Add(tx, int64(i+1)) }),
		caseOf(crdt.GCounterKind(), func(tx *crdt.Tx, c *crdt.GCounter, i int) { c.Add(tx, uint64(i+1)) }),
		caseOf(crdt.GSetKind(crdt.Int64), func(tx *crdt.Tx, s *crdt.GSet[int64], i int) { s.Add(tx, int64(i)) }),
	}
}

// A transaction on an object is one on its value: the object changes, the delta
// brings another there, and the frames are those of the type.
func TestObjectMutate(t *testing.T) {
	t.Parallel()
	for _, c := range typedCases() {
		o, copied := untyped.NewObject(c.kind), untyped.NewObject(c.kind)
		src := writer(1)
		for i := range 3 {
			d, err := o.Mutate(src, func(tx *crdt.Tx, o *untyped.Object) error { return c.change(tx, o, i) })
			if err != nil || d == nil {
				t.Fatalf("%s: Mutate = %v, %v", o.Kind(), d, err)
			}
			if has, err := copied.Contains(d); has || err != nil {
				t.Errorf("%s: Contains before the merge = %t, %v", o.Kind(), has, err)
			}
			if changed, err := copied.Merge(d); !changed || err != nil {
				t.Errorf("%s: Merge = %t, %v", o.Kind(), changed, err)
			}
			if has, err := copied.Contains(d); !has || err != nil {
				t.Errorf("%s: Contains after the merge = %t, %v", o.Kind(), has, err)
			}
		}
		typed, err := c.append(o)
		if err != nil || !bytes.Equal(bytesOf(t, o), typed) || !bytes.Equal(bytesOf(t, copied), typed) {
			t.Errorf("%s: frames\n%x, of its copy\n%x, typed\n%x (%v)", o.Kind(), bytesOf(t, o), bytesOf(t, copied), typed, err)
		}
		again, err := untyped.DecodeObjectAs(c.kind, typed)
		if err != nil || !bytes.Equal(bytesOf(t, again), typed) || again.Version() != 1 {
			t.Errorf("%s: decoded as its kind: %v, %v", o.Kind(), again, err)
		}
	}
}

// What changes nothing, fails or panics leaves the object as it was and has no delta.
func TestObjectMutateUndone(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	for _, c := range typedCases() {
		o := untyped.NewObject(c.kind)
		src := writer(1)
		before := bytesOf(t, o)
		if d, err := o.Mutate(src, func(*crdt.Tx, *untyped.Object) error { return nil }); d != nil || err != nil {
			t.Errorf("%s: Mutate of nothing = %v, %v", o.Kind(), d, err)
		}
		d, err := o.Mutate(src, func(tx *crdt.Tx, o *untyped.Object) error { return errors.Join(c.change(tx, o, 1), stop) })
		if d != nil || !errors.Is(err, stop) {
			t.Errorf("%s: Mutate that fails = %v, %v", o.Kind(), d, err)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = o.Mutate(src, func(tx *crdt.Tx, o *untyped.Object) error { panic(c.change(tx, o, 1)) })
		}()
		if !bytes.Equal(bytesOf(t, o), before) {
			t.Errorf("%s: changed by transactions that were undone", o.Kind())
		}
	}
}

func TestObjectOfAnotherKind(t *testing.T) {
	t.Parallel()
	set := untyped.NewObject(crdt.AWSetKind(crdt.String))
	if _, err := untyped.ValueOf(crdt.CounterKind(), set); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("ValueOf of a set as a counter: %v, want ErrKind", err)
	}
	if _, err := untyped.DecodeObjectAs(crdt.CounterKind(), bytesOf(t, set)); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("DecodeObjectAs of a set as a counter: %v, want ErrKind", err)
	}
	same := crdt.AWSetKind(crdt.String)
	same.Name = "counter" // a frame whose content is of another type than its kind says
	_, err := untyped.DecodeObjectAs(crdt.CounterKind(), frame(t, same, one(t)))
	if !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("DecodeObjectAs of a set that says it is a counter: %v, want ErrCorrupt", err)
	}
	o := object(t, frame(t, same, one(t)))
	if _, err := untyped.ValueOf(crdt.CounterKind(), o); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("ValueOf of a set that says it is a counter: %v, want ErrCorrupt", err)
	}
	good := untyped.NewObject(crdt.CounterKind())
	if _, err := good.Merge(o); err != nil {
		t.Fatal(err)
	}
	if _, err := untyped.ValueOf(crdt.CounterKind(), good); !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("ValueOf after a merge of such an object: %v, want ErrCorrupt", err)
	}
}

func one(t *testing.T) *crdt.AWSet[string] {
	t.Helper()
	s := crdt.AWSetKind(crdt.String).New()
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	return s
}

func TestObjectRevoke(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.String)
	o := untyped.NewObject(k)
	d, err := o.Mutate(writer(1), func(tx *crdt.Tx, o *untyped.Object) error {
		s, err := untyped.ValueOf(k, o)
		s.Add(tx, "x")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r, ok := d.Revoke()
	if !ok {
		t.Fatal("an add cannot be revoked")
	}
	if _, err := o.Merge(r); err != nil {
		t.Fatal(err)
	}
	if s, err := untyped.ValueOf(k, o); err != nil || s.Len() != 0 || !o.Context().Contains(clock.Dot{Replica: 1, Seq: 1}) {
		t.Errorf("after the revocation: %v, %v, context %v", s, err, o.Context())
	}
	if _, ok := r.Revoke(); ok {
		t.Error("a revocation can be revoked")
	}
}

// A view shares its state with the object it is of; it is none itself.
func TestObjectOf(t *testing.T) {
	t.Parallel()
	s := one(t)
	o, err := untyped.ObjectOf(crdt.AWSetKind(crdt.String), s)
	if err != nil {
		t.Fatal(err)
	}
	do(t, s, writer(2), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "y") })
	if v, err := untyped.ValueOf(crdt.AWSetKind(crdt.String), o); err != nil || fmt.Sprint(v.Len()) != "2" {
		t.Errorf("the object shows %v (%v), want what was added to the value", v, err)
	}
	m := crdt.AWMapKind(crdt.String, crdt.AWSetKind(crdt.String)).New()
	if _, err := untyped.ObjectOf(crdt.AWSetKind(crdt.String), m.At("k")); err == nil {
		t.Error("ObjectOf of a view is an object")
	}
}

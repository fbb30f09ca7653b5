package crdt_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A limit of FORMAT.md: what is at it is written and read, what is beyond it is
// refused when it is written.
type limit struct {
	what, name string // the row in section 8, and what of it
	at, beyond func(t *testing.T) error
}

// writing changes an empty value and returns the error that refused it. What was
// accepted must be readable, as a delta and as a state, and what was refused undone.
func writing[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], src crdt.Source, fn func(*crdt.Tx, S) error) error {
	t.Helper()
	s := k.New()
	delta, err := crdt.Mutate(s, src, fn)
	if err != nil {
		if !s.IsBottom() {
			t.Errorf("refused by %q, and not undone", err)
		}
		return err
	}
	for _, v := range []S{delta, s} {
		f, err := crdt.AppendFrame(nil, k, v)
		if err != nil {
			t.Errorf("accepted, and has no frame: %v", err)
			return nil
		}
		if back, err := crdt.DecodeFrame(k, f); err != nil {
			t.Errorf("accepted, and cannot be read: %v", err)
		} else if !back.Equal(v) {
			t.Errorf("accepted, and read as something else")
		}
	}
	return nil
}

// declaring returns the panic of a declaration as an error.
func declaring(declare func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	declare()
	return nil
}

// nest returns the kind of a map of n levels with a set in the innermost, and a
// mutator that adds an element there.
func nest[V crdt.Nested[V]](t *testing.T, n int, k crdt.Kind[V], add func(*crdt.Tx, V)) error {
	t.Helper()
	if n == 0 {
		return writing(t, k, writer(1), func(tx *crdt.Tx, v V) error { add(tx, v); return nil })
	}
	f := crdt.NewField("f", k)
	return nest(t, n-1, crdt.DocKind(f), func(tx *crdt.Tx, d *crdt.Doc) { add(tx, f.In(d)) })
}

func ofDepth(n int) func(*testing.T) error {
	return func(t *testing.T) (err error) {
		t.Helper()
		if p := declaring(func() {
			err = nest(t, n-1, crdt.AWSetKind(crdt.String), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
		}); p != nil {
			return p
		}
		return err
	}
}

func namedSet(n int) func(*testing.T) error {
	return func(t *testing.T) (err error) {
		t.Helper()
		c := crdt.String
		c.Name = strings.Repeat("n", n)
		if p := declaring(func() {
			err = writing(t, crdt.AWSetKind(c), writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); return nil })
		}); p != nil {
			return p
		}
		return err
	}
}

func setting[T any](c crdt.Codec[T], v T) func(*testing.T) error {
	return func(t *testing.T) error {
		t.Helper()
		return writing(t, crdt.MVRegisterKind(c), writer(1), func(tx *crdt.Tx, r *crdt.MVRegister[T]) error { r.Set(tx, v); return nil })
	}
}

func arraysIn(n int) any {
	var v any = 1
	for range n {
		v = []any{v}
	}
	return v
}

func incrementing(n int64) func(*testing.T) error {
	return func(t *testing.T) error {
		t.Helper()
		return writing(t, crdt.PNCounterKind(), writer(1), func(tx *crdt.Tx, c *crdt.PNCounter) error {
			c.Add(tx, math.MaxInt64-1)
			c.Add(tx, n)
			return nil
		})
	}
}

func eventNumber(seq uint64) func(*testing.T) error {
	return func(t *testing.T) error {
		t.Helper()
		src := &liar{id: 1, ev: event(1, seq, seq-1)}
		return writing(t, crdt.AWSetKind(crdt.String), src, func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); s.Add(tx, "y"); return nil })
	}
}

func limits() []limit {
	never := crdt.Codec[string]{Name: "never", Append: crdt.String.Append, Decode: func(b []byte) (string, error) {
		if len(b) > 1 {
			return "", errors.New("too long for me")
		}
		return string(b), nil
	}}
	anything := crdt.MsgPack[any]("any")
	large := make([]byte, crdt.MaxWrite+1)
	set := func(n int) func(*testing.T) error {
		return func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.AWSetKind(crdt.Bytes), writer(1), func(tx *crdt.Tx, s *crdt.AWSet[[]byte]) error { s.Add(tx, large[:n]); return nil })
		}
	}
	few := []byte{}
	return []limit{
		{"segments of a path", "documents in each other", ofDepth(32), ofDepth(33)},
		{"kind name", "of a codec", namedSet(1024 - len("awset<>")), namedSet(1024 - len("awset<>") + 1)},
		{"kind version", "of a lattice of one's own", versioned(127), versioned(128)},
		{"nesting of a MessagePack value", "arrays", setting(anything, arraysIn(64)), setting(anything, arraysIn(65))},
		{"key of a MessagePack map of any type", "array", setting[any](anything, map[int]int{1: 2}), setting[any](anything, map[[1]int]int{{1}: 2})},
		{"maps in a MessagePack value", "small ones", setting[any](anything, slices.Repeat([]any{map[string]any{"": 1}}, 16)), setting[any](anything, slices.Repeat([]any{map[string]any{"": 1}}, 200))},
		{"content of a codec", "that it does not read itself", setting(never, "x"), setting(never, "xy")},
		{"total of a PNCounter", "increments", incrementing(1), incrementing(2)},
		{"number of an event, interval ends", "two events", eventNumber(clock.MaxSeq - 1), eventNumber(clock.MaxSeq)},
		{"content, value, and what a transaction writes", "element", set(crdt.MaxWrite), set(crdt.MaxWrite + 1)},
		{"content, value, and what a transaction writes", "remove-wins element", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.RWSetKind(crdt.Bytes), writer(1), func(tx *crdt.Tx, s *crdt.RWSet[[]byte]) error { s.Remove(tx, large); return nil })
		}},
		{"content, value, and what a transaction writes", "value", nil, setting(crdt.Bytes, large)},
		{"content, value, and what a transaction writes", "value with a time", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.LWWRegisterKind(crdt.Bytes), writer(1), func(tx *crdt.Tx, r *crdt.LWWRegister[[]byte]) error { r.Set(tx, large); return nil })
		}},
		{"content, value, and what a transaction writes", "key", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.AWMapKind(crdt.String, crdt.CounterKind()), writer(1), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.Counter]) error {
				m.At(string(large)).Add(tx, 1)
				return nil
			})
		}},
		{"content, value, and what a transaction writes", "two halves", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.AWSetKind(crdt.Bytes), writer(1), func(tx *crdt.Tx, s *crdt.AWSet[[]byte]) error {
				s.Add(tx, large[:crdt.MaxWrite/2])
				s.Add(tx, large[:crdt.MaxWrite/2+1])
				return nil
			})
		}},
		{"content, value, and what a transaction writes", "element that stays", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.GSetKind(crdt.Bytes), writer(1), func(tx *crdt.Tx, s *crdt.GSet[[]byte]) error { s.Add(tx, large); return nil })
		}},
		{"content, value, and what a transaction writes", "largest value", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.MaxRegisterKind(crdt.Bytes), writer(1), func(tx *crdt.Tx, r *crdt.MaxRegister[[]byte]) error { r.Set(tx, large); return nil })
		}},
		{"content, value, and what a transaction writes", "key that stays", nil, func(t *testing.T) error {
			t.Helper()
			return writing(t, crdt.GMapKind(crdt.String, crdt.GCounterKind()), writer(1), func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.GCounter]) error {
				return m.Apply(tx, string(large), func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil })
			})
		}},
		{"frame, batch, frames of a batch together", "batch", func(*testing.T) error {
			f := pack{kind: "k", version: 1, body: few}.frame()
			_, err := untyped.AppendBatch(nil, f, f)
			return err
		}, func(*testing.T) error {
			f := pack{kind: "k", version: 1, body: large[:crdt.MaxFrame/2]}.frame()
			_, err := untyped.AppendBatch(nil, f, f)
			return err
		}},
		{"snapshot", "context", nil, func(*testing.T) error {
			var c clock.Context
			for i := range uint64(crdt.MaxSnapshotBytes / 2) {
				c.Add(clock.Dot{Replica: 1, Seq: 2*i + 1})
			}
			s := crdt.AWSetKind(crdt.String).New()
			_, err := crdt.Mutate(s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); return nil }, crdt.Seen(&c))
			if err != nil {
				return err
			}
			_, err = crdt.SnapshotOf(s).Seal(make([]byte, 16), "scope")
			return err
		}},
	}
}

func versioned(v int) func(*testing.T) error {
	return func(t *testing.T) (err error) {
		t.Helper()
		k := crdt.PNCounterKind()
		k.Name, k.Version = "own", v
		if p := declaring(func() { _, err = crdt.AppendFrame(nil, k, k.New()) }); p != nil {
			return p
		}
		return err
	}
}

// What is written is readable: each limit of FORMAT.md is checked where a value is
// made.
func TestWrittenIsReadable(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## 8. Limits")
	missing := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \|$`).FindAllStringSubmatch(section, -1) {
		missing[row[1]] = row[1] != "what"
	}
	delete(missing, "what")
	delete(missing, "replicas, intervals, entries, nodes, bases, cells") // what the bytes hold is no limit to a writer
	for _, l := range limits() {
		if delete(missing, l.what); !strings.Contains(section, "| "+l.what+" |") {
			t.Errorf("FORMAT.md has no limit of %q", l.what)
		}
		t.Run(l.what+"/"+l.name, func(t *testing.T) {
			if l.at != nil {
				if err := l.at(t); err != nil {
					t.Errorf("at the limit: %.200v", err)
				}
			}
			if err := l.beyond(t); err == nil {
				t.Error("beyond the limit it was accepted")
			}
		})
	}
	for what := range missing {
		t.Errorf("the limit of %q has no test", what)
	}
}

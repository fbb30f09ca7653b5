package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// What a program declares wrongly panics with a sentence, and zero values that cannot
// work do.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "", on(&hooked{Engine: memory.New()}))
	var none store.Objects[*crdt.Counter]
	doubt := &store.InDoubtError{}
	for what, f := range map[string]func(){
		"NewObjects of nothing": func() { store.NewObjects(nil, "", crdt.CounterKind()) },
		"NewObjects of no kind": func() { store.NewObjects(db, "", crdt.Kind[*crdt.GCounter]{}) },
		"Update of none": func() {
			_, _ = none.Update(t.Context(), "k", func(*crdt.Tx, *crdt.Counter) error { return nil })
		},
		"View of none":    func() { _, _, _ = none.View(t.Context(), "k") },
		"Views of none":   func() { _, _ = none.Views(t.Context(), []string{"k"}) },
		"Keys of none":    func() { none.Keys(t.Context())(func(string, error) bool { return true }) },
		"Retry of none":   func() { _ = doubt.Retry(t.Context()) },
		"Abandon of none": func() { _ = doubt.Abandon(t.Context()) },
	} {
		func() {
			defer func() {
				words := fmt.Sprint(recover())
				if !strings.HasPrefix(words, "store: ") && !strings.HasPrefix(words, "crdt: ") {
					t.Errorf("%s says %q", what, words)
				}
			}()
			f()
		}()
	}
	var hub store.Hub
	a, b := hub.Join("a"), hub.Join("b")
	if err := a.Send(t.Context(), "b", []byte("x")); err != nil {
		t.Errorf("a zero hub does not carry: %v", err)
	}
	if from, m, err := b.Receive(t.Context()); from != "a" || string(m) != "x" || err != nil {
		t.Errorf("a zero hub brings %q from %q, %v", m, from, err)
	}
	var kinds store.Kinds
	if kinds.Know(crdt.CounterKind()); len(kinds.Known()) != 1 {
		t.Error("zero Kinds know nothing")
	}
}

package crdttest_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

// The laws of a type are one test: its kind, and how to change it at random.
func ExampleLaws() {
	kind := crdt.AWSetOf(crdt.String)
	test := func(t *testing.T) { // func TestCart(t *testing.T)
		t.Helper()
		crdttest.Laws(t, kind, func(t *rapid.T, tx *crdt.Tx, cart *crdt.AWSet[string]) {
			item := rapid.SampledFrom([]string{"milk", "eggs"}).Draw(t, "item")
			if rapid.Bool().Draw(t, "remove") {
				cart.Remove(tx, item)
				return
			}
			cart.Add(tx, item)
		})
	}
	_ = test
}

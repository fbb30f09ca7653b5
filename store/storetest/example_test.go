package storetest_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/storetest"
)

// An engine of your own is held to the same suite as those of this module. The
// function is all of its conformance test.
func ExampleRun() {
	_ = func(t *testing.T) { // TestConformance
		t.Helper()
		storetest.Run(t, func(*testing.T) store.Batcher { return memory.New() })
	}
}

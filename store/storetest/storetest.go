// Package storetest checks that an engine keeps the promises of store.Engine and
// store.Batcher. It is for the engines of this module and for your own:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Batcher { return open(t) })
//	}
package storetest

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/store"
)

// Run checks an engine that keeps books, one subtest a promise. Open returns a
// new, empty engine each time that it is called, often several in one subtest;
// Run closes them. Run it under the race detector as well.
//
// The flags of rapid set the number of random histories (-rapid.checks) and the
// seed.
func Run(t *testing.T, open func(t *testing.T) store.Batcher) {
	t.Helper()
	RunEngine(t, func(t *testing.T) store.Engine { t.Helper(); return open(t) })
	for _, c := range batcherChecks {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, func() store.Batcher { return open(t) })
		})
	}
}

// RunEngine checks an engine without books; see Run.
func RunEngine(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, c := range engineChecks {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, func() store.Engine { return open(t) })
		})
	}
}

// tb is what a check needs of a *testing.T. The suite's own tests pass another,
// which records that a faulty engine fails.
type tb interface {
	rapid.TB
	Context() context.Context
}

// check is one promise. Open returns a new engine, which the check closes.
type check[E store.Engine] struct {
	name string
	run  func(t tb, open func() E)
}

var engineChecks = []check[store.Engine]{
	{"absent", checkAbsent},
	{"join", checkJoin},
	{"again", checkAgain},
	{"clash", checkClash},
	{"kept", checkKept},
	{"record is the caller's", checkRecordOwned},
	{"arguments are not kept", checkArguments},
	{"scan", checkScan},
	{"scan stops", checkScanStops},
	{"cancelled", checkCancelled},
	{"closed", checkClosed},
	{"concurrent", checkConcurrent},
}

var batcherChecks = []check[store.Batcher]{
	{"books", checkBooks},
	{"books are the caller's", checkBooksOwned},
	{"books stand apart", checkBooksApart},
	{"batch", checkBatch},
	{"batch is atomic", checkAtomic},
	{"batch cancelled", checkBatchCancelled},
	{"batcher closed", checkBatcherClosed},
}

// closing closes e at the end of a check.
func closing(t rapid.TB, e store.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

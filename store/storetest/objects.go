package storetest

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
)

// Backends says how RunObjects opens the backends that it checks, and what they can do.
type Backends struct {
	// Open returns a new, empty backend, which the end of the test closes.
	Open func(t *testing.T) store.Backend
	// Close closes it.
	Close func(t *testing.T, b store.Backend)
	// TokenKey is the key of their tokens.
	TokenKey []byte
	// Refuses names the options that they cannot honour, such as "Newest".
	Refuses []string
	// Doubt makes the writes of b end in doubt from now on; nil if that cannot be made
	// to happen.
	Doubt func(t *testing.T, b store.Backend)

	_ struct{}
}

// RunObjects checks that typed access over a backend keeps the promises of
// store.Objects, one subtest a promise. It is the same suite for an embedded store and
// for Aerospike: what passes it can be exchanged for one another. Run it under the race
// detector as well.
func RunObjects(t *testing.T, b Backends) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, b *Backends)
	}{
		{"update and view", checkUpdateView},
		{"types", checkTypes},
		{"views and keys", checkViewsKeys},
		{"another kind", checkAnotherKind},
		{"an error of the function", checkOwnError},
		{"another's doubt", checkOthersDoubt},
		{"a panic in the function", checkPanic},
		{"a view beside a slow function", checkViewBeside},
		{"turns", checkTurns},
		{"a turn that does not come", checkContention},
		{"values are the caller's", checkValueOwned},
		{"concurrent", checkConcurrentObjects},
		{"seen", checkSeen},
		{"at least", checkAtLeast},
		{"at least what never comes", checkBehind},
		{"at least of many", checkAtLeastMany},
		{"tokens of other objects", checkForeignToken},
		{"options are honoured or refused", checkOptions},
		{"in doubt", checkDoubt},
		{"closed", checkClosedObjects},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, &b) })
	}
}

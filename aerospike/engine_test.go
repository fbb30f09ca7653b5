package aerospike_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/storetest"
)

func TestConformance(t *testing.T) {
	c := cluster(t)
	storetest.RunEngine(t, func(t *testing.T) store.Engine {
		t.Helper()
		return open(t, c, aerospike.Config{Set: newSet(t, c)})
	})
}

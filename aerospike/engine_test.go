package aerospike_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

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

// TestObjects runs the suite of typed access over engines, on each of the clusters in
// AEROSPIKE_HOSTS or on one in this process.
func TestObjects(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 16)
	for i, c := range clusters(t) {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			typedAccess(t, c, key)
		})
	}
}

func typedAccess(t *testing.T, c *as.Client, key []byte) {
	t.Helper()
	clients := make(map[store.Backend]*script)
	storetest.RunObjects(t, storetest.Backends{
		Open: func(t *testing.T) store.Backend {
			t.Helper()
			f := &script{Client: c}
			e := open(t, f, aerospike.Config{Set: newSet(t, c), TokenKey: key})
			clients[e] = f
			return e
		},
		Close: func(t *testing.T, b store.Backend) {
			t.Helper()
			shut(t, b.(*aerospike.Engine))
		},
		TokenKey: key,
		Doubt: func(t *testing.T, b store.Backend) {
			t.Helper()
			f := clients[b]
			f.mu.Lock()
			defer f.mu.Unlock()
			f.answers = []as.AerospikeError{{ResultCode: types.TIMEOUT, InDoubt: true}}
			t.Cleanup(f.stop)
		},
	})
}

// clusters returns clients of all clusters in AEROSPIKE_HOSTS, or of one in this process.
func clusters(t *testing.T) (all []*as.Client) {
	t.Helper()
	hosts := os.Getenv("AEROSPIKE_HOSTS")
	if hosts == "" {
		return []*as.Client{cluster(t)}
	}
	for host := range strings.SplitSeq(hosts, ",") {
		all = append(all, connect(t, host))
	}
	return all
}

package aerospike_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

const namespace = "test"

// cluster returns a client of the cluster that the tests run on: the first of those
// in AEROSPIKE_HOSTS=host:port,..., or else one in this process.
func cluster(t testing.TB) *as.Client {
	t.Helper()
	if hosts := os.Getenv("AEROSPIKE_HOSTS"); hosts != "" {
		return connect(t, strings.Split(hosts, ",")[0])
	}
	t.Log("on asdtest: AEROSPIKE_HOSTS is not set")
	return connect(t, asdtest.Start(t).Addr())
}

func connect(t testing.TB, addr string) *as.Client {
	t.Helper()
	return connectWith(t, as.NewClientPolicy(), addr)
}

func connectWith(t testing.TB, policy *as.ClientPolicy, addr string) *as.Client {
	t.Helper()
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatalf("address of a server: %v", err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		t.Fatalf("address of a server: %v", err)
	}
	c, aerr := as.NewClientWithPolicy(policy, host, port)
	if aerr != nil {
		t.Fatalf("connect to %s: %v", addr, aerr)
	}
	t.Cleanup(c.Close)
	return c
}

// sets counts the sets that tests use, of which a namespace has room for 4,095:
// they take turns, and a test empties its own first.
var sets atomic.Int64

// newSet returns the name of an empty set.
func newSet(t testing.TB, c *as.Client) string {
	t.Helper()
	set := "t" + strconv.Itoa(int(sets.Add(1)%64))
	empty(t, c, set)
	return set
}

// empty takes all records out of a set.
func empty(t testing.TB, c *as.Client, set string) {
	t.Helper()
	for _, r := range scanned(t, c, set) {
		if _, err := c.Delete(nil, r.Key); err != nil {
			t.Fatalf("empty %s: %v", set, err)
		}
	}
}

// scanned returns all records of a set.
func scanned(t testing.TB, c *as.Client, set string) (recs []*as.Record) {
	t.Helper()
	rs, err := c.ScanAll(nil, namespace, set)
	if err != nil {
		t.Fatalf("scan %s: %v", set, err)
	}
	for r := range rs.Results() {
		if r.Err != nil {
			t.Fatalf("scan %s: %v", set, r.Err)
		}
		recs = append(recs, r.Record)
	}
	return recs
}

// open opens an engine, which ends with the test.
func open(t testing.TB, c aerospike.Client, cfg aerospike.Config) *aerospike.Engine {
	t.Helper()
	cfg.Namespace = namespace
	e, err := aerospike.Open(t.Context(), c, cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}

// Package astest is what the tests of several packages need of clusters.
package astest

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// Namespace is that of all tests.
const Namespace = "test"

// Cluster returns a client of the cluster that the tests run on: the first of those
// in AEROSPIKE_HOSTS=host:port,..., or else one in this process.
func Cluster(t testing.TB) *as.Client {
	t.Helper()
	if hosts := os.Getenv("AEROSPIKE_HOSTS"); hosts != "" {
		return Connect(t, strings.Split(hosts, ",")[0])
	}
	t.Log("on asdtest: AEROSPIKE_HOSTS is not set")
	return Connect(t, asdtest.Start(t).Addr())
}

// Connect returns a client of the cluster at an address.
func Connect(t testing.TB, addr string) *as.Client {
	t.Helper()
	return ConnectWith(t, as.NewClientPolicy(), addr)
}

// ConnectWith is Connect with a policy.
func ConnectWith(t testing.TB, policy *as.ClientPolicy, addr string) *as.Client {
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

// NewSet returns the name of an empty set.
func NewSet(t testing.TB, c *as.Client) string {
	t.Helper()
	set := "t" + strconv.Itoa(int(sets.Add(1)%64))
	Empty(t, c, set)
	return set
}

// Empty takes all records out of a set.
func Empty(t testing.TB, c *as.Client, set string) {
	t.Helper()
	for _, r := range Scanned(t, c, set) {
		if _, err := c.Delete(nil, r.Key); err != nil {
			t.Fatalf("empty %s: %v", set, err)
		}
	}
}

// Scanned returns all records of a set.
func Scanned(t testing.TB, c *as.Client, set string) (recs []*as.Record) {
	t.Helper()
	rs, err := c.ScanAll(nil, Namespace, set)
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

// Open opens an engine, which ends with the test.
func Open(t testing.TB, c aerospike.Client, cfg aerospike.Config) *aerospike.Engine {
	t.Helper()
	cfg.Namespace = Namespace
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

// Delta returns the frame of one change of an empty object by a replica.
func Delta[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], id clock.ReplicaID, fn func(*crdt.Tx, S)) []byte {
	t.Helper()
	d, err := crdt.Mutate(k.New(), crdt.NewWriter(id, time.Now).On(), func(tx *crdt.Tx, s S) error { fn(tx, s); return nil })
	if err != nil {
		t.Fatal(err)
	}
	f, err := crdt.AppendFrame(nil, k, d)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Command returns a function that runs the shell command which a variable holds, if it
// is set.
func Command(name string) func(t *testing.T) {
	return func(t *testing.T) {
		t.Helper()
		c := os.Getenv(name)
		if c == "" {
			t.Logf("%s is not set: that disaster does not happen", name)
			return
		}
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", c).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		t.Logf("%s: %s", name, c)
	}
}

// Until waits for a condition that comes without anybody's doing.
func Until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	over := time.After(30 * time.Second)
	for !cond() {
		select {
		case <-over:
			t.Fatalf("in 30 s not %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

package asdtest_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// hostsVar names real servers, host:port,host:port, whose namespace "test" the
// tests may use.
const hostsVar = "AEROSPIKE_HOSTS"

// server is a server under test: the one of this package, or a real one.
type server struct {
	name   string
	real   bool
	client *as.Client
	c      *asdtest.Cluster // nil if it is a real one
}

// testSet is the set of nearly all records of the tests. A server has room for 4095
// names of sets for as long as it runs, so tests tell their records apart by key.
const testSet = "asdtest"

var names atomic.Int64

// unique returns a key that no other test uses, in this run or another.
func unique() string {
	return fmt.Sprintf("%d-%d-%d", os.Getpid(), time.Now().UnixNano(), names.Add(1))
}

// servers returns what a test of modelled behaviour is run against: the server of
// this package, and a real one if there is one.
func servers(t *testing.T) []*server {
	t.Helper()
	out := []*server{fake(t)}
	if host := realHost(); host != "" {
		return append(out, genuine(t, host))
	}
	t.Logf("%s is not set: only the server of this package is asked", hostsVar)
	return out
}

func realHost() string {
	host, _, _ := strings.Cut(os.Getenv(hostsVar), ",")
	return host
}

func fake(t *testing.T, opts ...asdtest.Option) *server {
	t.Helper()
	c := asdtest.Start(t, opts...)
	return &server{name: "asdtest", c: c, client: dial(t, c.Addr())}
}

func genuine(t *testing.T, addr string) *server {
	t.Helper()
	return &server{name: "aerospike", real: true, client: dial(t, addr)}
}

func dial(t *testing.T, addr string) *as.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	policy := as.NewClientPolicy()
	policy.Timeout = 10 * time.Second
	policy.ConnectionQueueSize = 256
	client, aerr := as.NewClientWithPolicy(policy, host, n)
	if aerr != nil {
		t.Fatalf("cannot connect to %s: %v", addr, aerr)
	}
	t.Cleanup(client.Close)
	return client
}

// fresh returns a key that no other test uses.
func fresh(t *testing.T) *as.Key {
	t.Helper()
	return key(t, unique())
}

func key(t *testing.T, user any) *as.Key {
	t.Helper()
	k, err := as.NewKey("test", testSet, user)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// wp is a write policy for tests: no retries, records that stay.
func wp() *as.WritePolicy {
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	p.MaxRetries = 0
	p.TotalTimeout = 10 * time.Second
	p.SocketTimeout = 10 * time.Second
	return p
}

// code returns the result code of an error, and 0 if there is none.
func code(err error) types.ResultCode {
	var e *as.AerospikeError
	if err == nil {
		return types.OK
	}
	if !errors.As(err, &e) {
		return -99
	}
	return e.ResultCode
}

// ok ends the test if err is one. Errors of the client are an interface of its own
// that is not nil when it is converted, hence as.Error.
func ok(t *testing.T, err as.Error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err as.Error, want types.ResultCode) {
	t.Helper()
	got := types.OK
	if err != nil {
		got = code(err)
	}
	if got != want {
		t.Errorf("code %v (%v), want %v", got, err, want)
	}
}

// show writes what a client decoded so that equal values look equal.
func show(v any) string {
	switch v := v.(type) {
	case map[any]any:
		var parts []string
		for k, x := range v {
			parts = append(parts, show(k)+":"+show(x))
		}
		slices.Sort(parts)
		return "map{" + strings.Join(parts, " ") + "}"
	case as.BinMap:
		var parts []string
		for k, x := range v {
			parts = append(parts, k+":"+show(x))
		}
		slices.Sort(parts)
		return "bins{" + strings.Join(parts, " ") + "}"
	case []as.MapPair:
		var parts []string
		for _, p := range v {
			parts = append(parts, show(p.Key)+":"+show(p.Value))
		}
		return "pairs[" + strings.Join(parts, " ") + "]"
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, show(x))
		}
		return "list[" + strings.Join(parts, " ") + "]"
	case as.OpResults:
		return "results" + show([]any(v))
	default:
		return fmt.Sprintf("%T(%v)", v, v)
	}
}

// outcome is everything that a client learns of a request.
func outcome(r *as.Record, err as.Error) string {
	if err != nil {
		return fmt.Sprintf("code %d", code(err))
	}
	if r == nil {
		return "nil"
	}
	return fmt.Sprintf("gen %d %s", r.Generation, show(r.Bins))
}

package asdtest_test

import (
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// ask asks the first node of a server for info.
func ask(t *testing.T, s *server, command string) string {
	t.Helper()
	m, err := s.client.GetNodes()[0].RequestInfo(as.NewInfoPolicy(), command)
	ok(t, err)
	return m[command]
}

func pairs(text string) map[string]string {
	out := make(map[string]string)
	for p := range strings.SplitSeq(text, ";") {
		name, val, _ := strings.Cut(p, "=")
		out[name] = val
	}
	return out
}

// TestSettings: an auditor reads the same settings as from a fresh real server.
func TestSettings(t *testing.T) {
	t.Parallel()
	names := []string{
		"conflict-resolution-policy", "strong-consistency", "max-record-size", "default-ttl", "nsup-period",
		"allow-ttl-without-nsup", "disable-write-dup-res", "write-commit-level-override", "read-consistency-level-override",
		"conflict-resolve-writes", "stop_writes", "clock_skew_stop_writes", "unavailable_partitions", "dead_partitions",
		"effective_replication_factor", "default-read-touch-ttl-pct", "apply-ttl-reductions", "reject-xdr-writes",
		"reject-non-xdr-writes", "strong-consistency-allow-expunge", "transaction-pending-limit", "storage-engine",
		"storage-engine.commit-to-device", "storage-engine.stop-writes-used-pct", "evict-tenths-pct", "truncate_lut",
		"migrate_tx_partitions_remaining", "ns_cluster_size",
	}
	want := make(map[string]string)
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			got := pairs(ask(t, s, "namespace/test"))
			for _, name := range names {
				val, there := got[name]
				if w, asked := want[name]; !there || asked && val != w {
					t.Errorf("%s = %q, %v; asdtest says %q", name, val, there, w)
				}
				want[name] = val
			}
			stats := pairs(ask(t, s, "statistics"))
			for _, name := range []string{
				"cluster_size", "cluster_key", "cluster_clock_skew_ms", "migrate_partitions_remaining", "uptime",
			} {
				if stats[name] == "" {
					t.Errorf("statistics have no %s", name)
				}
			}
		})
	}
}

// TestInfo: what else programs ask.
func TestInfo(t *testing.T) {
	t.Parallel()
	want := make(map[string]string)
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			for _, command := range []string{
				"build", "edition", "version", "namespaces", "namespace/none", "get-config:context=xdr", "rack-ids",
				"peers-clear-std", "sets/none", "bogus",
			} {
				got := ask(t, s, command)
				if w, asked := want[command]; asked && got != w {
					t.Errorf("%s = %q, asdtest says %q", command, got, w)
				}
				want[command] = got
			}
		})
	}
}

// TestSet: settings change at run time, by the test or by a client, and what hangs on
// them changes with them.
func TestSet(t *testing.T) {
	t.Parallel()
	s := fake(t)
	k := fresh(t)
	s.c.Set("test", "conflict-resolution-policy", "last-update-time")
	s.c.Set("test", "stop_writes", "true")
	s.c.SetStatistic("cluster_size", "3")
	s.c.SetInfo("edition", "Aerospike Enterprise Edition")
	got := pairs(ask(t, s, "namespace/test"))
	if got["conflict-resolution-policy"] != "last-update-time" || got["stop_writes"] != "true" {
		t.Errorf("settings did not change: %v", got)
	}
	if got := pairs(ask(t, s, "statistics"))["cluster_size"]; got != "3" {
		t.Errorf("cluster_size %s, want 3", got)
	}
	if got := ask(t, s, "edition"); got != "Aerospike Enterprise Edition" {
		t.Errorf("edition %s", got)
	}
	wantCode(t, s.client.PutBins(wp(), k, as.NewBin("a", 1)), types.SERVER_MEM_ERROR)
	s.c.Set("test", "stop_writes", "false")
	if got := ask(t, s, "set-config:context=namespace;namespace=test;max-record-size=100"); got != "ok" {
		t.Errorf("set-config = %q", got)
	}
	wantCode(t, s.client.PutBins(wp(), k, as.NewBin("a", make([]byte, 100))), types.RECORD_TOO_BIG)
	s.c.Set("test", "allow-ttl-without-nsup", "true")
	ok(t, s.client.PutBins(as.NewWritePolicy(0, 60), k, as.NewBin("a", 1)))
}

// TestNamespaces: namespaces are apart, and a truncated set is empty for good.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	s := fake(t, asdtest.WithNamespaces("test", "other"))
	if got := ask(t, s, "namespaces"); got != "other;test" {
		t.Errorf("namespaces %s", got)
	}
	k := fresh(t)
	other, err := as.NewKeyWithDigest("other", testSet, nil, k.Digest())
	ok(t, err)
	put(t, s.client, k, "a", 1)
	if got := bins(t, s.client, other); got != "code 2" {
		t.Errorf("a record of another namespace: %s", got)
	}
	put(t, s.client, other, "a", 2)
	if got := ask(t, s, "sets/other"); !strings.Contains(got, "set="+testSet+":objects=1:") {
		t.Errorf("sets %s", got)
	}
	ok(t, s.client.Truncate(nil, "other", testSet, nil))
	s.c.Restart(asdtest.RecoverZombies)
	if got := bins(t, dial(t, s.c.Addr()), other); got != "code 2" {
		t.Errorf("after truncation: %s", got)
	}
	if got := bins(t, dial(t, s.c.Addr()), k); got != "gen 1 bins{a:int(1)}" {
		t.Errorf("the other namespace after truncation: %s", got)
	}
}

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/audit"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
)

// auditSet is the set that these tests have settings of. It is one that newSet gives
// out, since a server may have no room for another name; what is set is so high that
// nobody feels it.
const auditSet = "t1"

// auditClients returns a client for each server in AEROSPIKE_HOSTS, or for two that
// run in this process.
func auditClients(t *testing.T) []*as.Client {
	t.Helper()
	var clients []*as.Client
	if hosts := os.Getenv("AEROSPIKE_HOSTS"); hosts != "" {
		for host := range strings.SplitSeq(hosts, ",") {
			clients = append(clients, astest.Connect(t, host))
		}
		return clients
	}
	t.Log("on asdtest: AEROSPIKE_HOSTS is not set")
	for _, name := range []string{"a", "b"} {
		c := asdtest.Start(t, asdtest.WithName(name))
		c.SetStatistic("system_free_mem_pct", "90") // it does not look at the machine
		c.SetInfo("sets/"+astest.Namespace+"/"+auditSet, "objects=0:truncate_lut=0:default-read-touch-ttl-pct=0:default-ttl=0:"+
			"stop-writes-count=0:stop-writes-size=0;")
		clients = append(clients, astest.Connect(t, c.Addr()))
	}
	return clients
}

// info sends an info command to the one node of a cluster.
func info(t *testing.T, c *as.Client, command string) string {
	t.Helper()
	nodes := c.GetNodes()
	if len(nodes) == 0 {
		t.Fatal("no nodes")
	}
	replies, err := nodes[0].RequestInfo(as.NewInfoPolicy(), command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return replies[command]
}

// set changes a setting of the namespace until the test ends, when it is as before.
func set(t *testing.T, c *as.Client, name, value string) {
	t.Helper()
	_, short, within := strings.Cut(name, ".")
	if !within {
		short = name
	}
	before := ""
	for pair := range strings.SplitSeq(info(t, c, "namespace/"+astest.Namespace), ";") {
		if v, ok := strings.CutPrefix(pair, name+"="); ok {
			before = v
		}
	}
	if before == "" {
		t.Fatalf("%s is not reported", name)
	}
	if os.Getenv("AEROSPIKE_HOSTS") == "" {
		short = name // asdtest sets what it reports
	}
	change := func(value string) {
		command := fmt.Sprintf("set-config:context=namespace;namespace=%s;%s=%s", astest.Namespace, short, value)
		if reply := info(t, c, command); reply != "ok" {
			t.Errorf("%s: %s", command, reply)
		}
	}
	t.Cleanup(func() { change(before) })
	change(value)
}

func findings(t *testing.T, c *as.Client) []audit.Finding {
	t.Helper()
	found, err := audit.Cluster(t.Context(), c, audit.Facts{Namespace: astest.Namespace, Set: auditSet})
	if err != nil {
		t.Fatalf("Cluster: %v", err)
	}
	return found
}

// of returns the finding about a setting, or a zero one.
func of(found []audit.Finding, setting string) audit.Finding {
	i := slices.IndexFunc(found, func(f audit.Finding) bool { return f.Setting == setting })
	if i < 0 {
		return audit.Finding{}
	}
	return found[i]
}

// TestAuditServers: whatever a server's settings are, it reports all that the rules
// need.
func TestAuditServers(t *testing.T) {
	for i, c := range auditClients(t) {
		found := findings(t, c)
		for _, f := range found {
			t.Logf("server %d: %v", i, f)
			if f.Level == audit.Info && f.Value == "" {
				t.Errorf("server %d does not report %s", i, f.Setting)
			}
			if f.Cluster == "" || f.Node != "" {
				t.Errorf("server %d: %v: want the cluster, and no node since it is the only one", i, f)
			}
		}
		if f := of(found, "effective_replication_factor"); f.Level != audit.Fatal || f.Value != "1" {
			t.Errorf("server %d: %v, want that one node alone is fatal", i, f)
		}
	}
}

// TestAuditNoticesChange changes settings at run time. They are those that make no
// difference to a cluster of one node with expiry off.
func TestAuditNoticesChange(t *testing.T) {
	tests := []struct {
		setting, good, bad string
		level              audit.Level
	}{
		{"conflict-resolution-policy", "last-update-time", "generation", audit.Fatal},
		{"write-commit-level-override", "off", "master", audit.Fatal},
		{"disable-write-dup-res", "false", "true", audit.Fatal},
		{"read-consistency-level-override", "off", "one", audit.Warn},
		{"reject-xdr-writes", "false", "true", audit.Warn},
		{"apply-ttl-reductions", "true", "false", audit.Info},
		{"default-read-touch-ttl-pct", "0", "1", audit.Info},
		{"storage-engine.evict-used-pct", "0", "99", audit.Info},
	}
	c := auditClients(t)[0]
	for _, test := range tests {
		t.Run(test.setting, func(t *testing.T) {
			set(t, c, test.setting, test.good)
			if f := of(findings(t, c), test.setting); f.Setting != "" {
				t.Errorf("with %s: %v, want nothing", test.good, f)
			}
			set(t, c, test.setting, test.bad)
			if f := of(findings(t, c), test.setting); f.Level != test.level || f.Value != test.bad {
				t.Errorf("with %s: %v, want level %v", test.bad, f, test.level)
			}
		})
	}
}

// TestAuditNoticesChangeOfSet changes a setting of one set.
func TestAuditNoticesChangeOfSet(t *testing.T) {
	if os.Getenv("AEROSPIKE_HOSTS") == "" {
		t.Skip("asdtest has no settings of sets: set AEROSPIKE_HOSTS=host:port")
	}
	c := auditClients(t)[0]
	const setting = "set stop-writes-count"
	change := func(value string) {
		command := fmt.Sprintf("set-config:context=namespace;namespace=%s;set=%s;stop-writes-count=%s",
			astest.Namespace, auditSet, value)
		if reply := info(t, c, command); reply != "ok" {
			t.Fatalf("%s: %s", command, reply)
		}
	}
	change("0")
	if f := of(findings(t, c), setting); f.Setting != "" {
		t.Errorf("with 0: %v, want nothing", f)
	}
	change("1000000")
	t.Cleanup(func() { change("0") })
	if f := of(findings(t, c), setting); f.Level != audit.Warn || f.Value != "1000000" {
		t.Errorf("with 1000000: %v, want a warning", f)
	}
}

// TestClusters compares clusters.
func TestClusters(t *testing.T) {
	clients := auditClients(t)
	if len(clients) < 2 {
		t.Skip("one server only: AEROSPIKE_HOSTS=host:port,host:port")
	}
	facts := audit.Facts{Namespace: astest.Namespace, Set: auditSet}
	all := func(clients ...*as.Client) []audit.Finding {
		t.Helper()
		var targets []audit.Target
		for _, c := range clients {
			targets = append(targets, audit.Target{Client: c, Facts: facts})
		}
		found, err := audit.Clusters(t.Context(), targets...)
		if err != nil {
			t.Fatalf("Clusters: %v", err)
		}
		return found
	}
	const size = "max-record-size"
	set(t, clients[0], size, "1048576")
	set(t, clients[1], size, "1048576")
	found := all(clients[0], clients[1])
	if f := of(found, size); f.Setting != "" {
		t.Errorf("two clusters alike: %v, want nothing", f)
	}
	if f := of(found, "cluster-name"); f.Setting != "" {
		t.Errorf("two clusters: %v, want nothing", f)
	}
	if f := of(found, "effective_replication_factor"); f.Level != audit.Warn {
		t.Errorf("two clusters: %v, want a warning, since each has what the other loses", f)
	}
	set(t, clients[1], size, "2097152")
	if f := of(all(clients[0], clients[1]), size); f.Level != audit.Fatal || f.Value != "1048576 to 2097152" {
		t.Errorf("two limits: %v, want it to be fatal", f)
	}
	if f := of(all(clients[0], clients[0]), "cluster-name"); f.Level != audit.Fatal {
		t.Errorf("one cluster twice: %v, want it to be fatal", f)
	}
}

func TestAuditRefuses(t *testing.T) {
	c := auditClients(t)[0]
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		client aerospike.Client
		facts  audit.Facts
		want   string
	}{
		{"no client", nil, audit.Facts{Namespace: astest.Namespace}, "without a client"},
		{"no namespace", c, audit.Facts{}, "audit of namespace"},
		{"another namespace", c, audit.Facts{Namespace: "nope"}, "no such namespace"},
		{"a command", c, audit.Facts{Namespace: "test\nset-config:context=service"}, "audit of namespace"},
	}
	for _, test := range tests {
		found, err := audit.Cluster(t.Context(), test.client, test.facts)
		if err == nil || !strings.Contains(err.Error(), test.want) || len(found) > 0 {
			t.Errorf("%s: %v, %v, want %q alone", test.name, found, err, test.want)
		}
	}
	found, err := audit.Cluster(ended, c, audit.Facts{Namespace: astest.Namespace})
	if !errors.Is(err, context.Canceled) || len(found) > 0 {
		t.Errorf("ended: %v, %v, want %v alone", found, err, context.Canceled)
	}
	if _, err := audit.Clusters(t.Context()); err == nil {
		t.Error("an audit of nothing passes")
	}
}

package aerospike_test

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
			clients = append(clients, connect(t, host))
		}
		return clients
	}
	t.Log("on asdtest: AEROSPIKE_HOSTS is not set")
	for _, name := range []string{"a", "b"} {
		c := asdtest.Start(t, asdtest.WithName(name))
		c.SetStatistic("system_free_mem_pct", "90") // it does not look at the machine
		c.SetInfo("sets/"+namespace+"/"+auditSet, "objects=0:truncate_lut=0:default-read-touch-ttl-pct=0:default-ttl=0:"+
			"stop-writes-count=0:stop-writes-size=0;")
		clients = append(clients, connect(t, c.Addr()))
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
	for pair := range strings.SplitSeq(info(t, c, "namespace/"+namespace), ";") {
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
		command := fmt.Sprintf("set-config:context=namespace;namespace=%s;%s=%s", namespace, short, value)
		if reply := info(t, c, command); reply != "ok" {
			t.Errorf("%s: %s", command, reply)
		}
	}
	t.Cleanup(func() { change(before) })
	change(value)
}

func audit(t *testing.T, c *as.Client) []aerospike.Finding {
	t.Helper()
	found, err := aerospike.Audit(t.Context(), c, aerospike.Facts{Namespace: namespace, Set: auditSet})
	if err != nil {
		t.Fatalf("Audit: %v", err)
	}
	return found
}

// of returns the finding about a setting, or a zero one.
func of(found []aerospike.Finding, setting string) aerospike.Finding {
	i := slices.IndexFunc(found, func(f aerospike.Finding) bool { return f.Setting == setting })
	if i < 0 {
		return aerospike.Finding{}
	}
	return found[i]
}

// TestAuditServers: whatever a server's settings are, it reports all that the rules
// need.
func TestAuditServers(t *testing.T) {
	for i, c := range auditClients(t) {
		found := audit(t, c)
		for _, f := range found {
			t.Logf("server %d: %v", i, f)
			if f.Level == aerospike.Info && f.Value == "" {
				t.Errorf("server %d does not report %s", i, f.Setting)
			}
			if f.Cluster == "" || f.Node != "" {
				t.Errorf("server %d: %v: want the cluster, and no node since it is the only one", i, f)
			}
		}
		if f := of(found, "effective_replication_factor"); f.Level != aerospike.Fatal || f.Value != "1" {
			t.Errorf("server %d: %v, want that one node alone is fatal", i, f)
		}
	}
}

// TestAuditNoticesChange changes settings at run time. They are those that make no
// difference to a cluster of one node with expiry off.
func TestAuditNoticesChange(t *testing.T) {
	tests := []struct {
		setting, good, bad string
		level              aerospike.Level
	}{
		{"conflict-resolution-policy", "last-update-time", "generation", aerospike.Fatal},
		{"write-commit-level-override", "off", "master", aerospike.Fatal},
		{"disable-write-dup-res", "false", "true", aerospike.Fatal},
		{"read-consistency-level-override", "off", "one", aerospike.Warn},
		{"reject-xdr-writes", "false", "true", aerospike.Warn},
		{"apply-ttl-reductions", "true", "false", aerospike.Info},
		{"default-read-touch-ttl-pct", "0", "1", aerospike.Info},
		{"storage-engine.evict-used-pct", "0", "99", aerospike.Info},
	}
	c := auditClients(t)[0]
	for _, test := range tests {
		t.Run(test.setting, func(t *testing.T) {
			set(t, c, test.setting, test.good)
			if f := of(audit(t, c), test.setting); f.Setting != "" {
				t.Errorf("with %s: %v, want nothing", test.good, f)
			}
			set(t, c, test.setting, test.bad)
			if f := of(audit(t, c), test.setting); f.Level != test.level || f.Value != test.bad {
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
			namespace, auditSet, value)
		if reply := info(t, c, command); reply != "ok" {
			t.Fatalf("%s: %s", command, reply)
		}
	}
	change("0")
	if f := of(audit(t, c), setting); f.Setting != "" {
		t.Errorf("with 0: %v, want nothing", f)
	}
	change("1000000")
	t.Cleanup(func() { change("0") })
	if f := of(audit(t, c), setting); f.Level != aerospike.Warn || f.Value != "1000000" {
		t.Errorf("with 1000000: %v, want a warning", f)
	}
}

// TestAuditAll compares clusters.
func TestAuditAll(t *testing.T) {
	clients := auditClients(t)
	if len(clients) < 2 {
		t.Skip("one server only: AEROSPIKE_HOSTS=host:port,host:port")
	}
	facts := aerospike.Facts{Namespace: namespace, Set: auditSet}
	all := func(clients ...*as.Client) []aerospike.Finding {
		t.Helper()
		var targets []aerospike.Target
		for _, c := range clients {
			targets = append(targets, aerospike.Target{Client: c, Facts: facts})
		}
		found, err := aerospike.AuditAll(t.Context(), targets...)
		if err != nil {
			t.Fatalf("AuditAll: %v", err)
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
	if f := of(found, "effective_replication_factor"); f.Level != aerospike.Warn {
		t.Errorf("two clusters: %v, want a warning, since each has what the other loses", f)
	}
	set(t, clients[1], size, "2097152")
	if f := of(all(clients[0], clients[1]), size); f.Level != aerospike.Fatal || f.Value != "1048576 to 2097152" {
		t.Errorf("two limits: %v, want it to be fatal", f)
	}
	if f := of(all(clients[0], clients[0]), "cluster-name"); f.Level != aerospike.Fatal {
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
		facts  aerospike.Facts
		want   string
	}{
		{"no client", nil, aerospike.Facts{Namespace: namespace}, "without a client"},
		{"no namespace", c, aerospike.Facts{}, "audit of namespace"},
		{"another namespace", c, aerospike.Facts{Namespace: "nope"}, "no such namespace"},
		{"a command", c, aerospike.Facts{Namespace: "test\nset-config:context=service"}, "audit of namespace"},
	}
	for _, test := range tests {
		found, err := aerospike.Audit(t.Context(), test.client, test.facts)
		if err == nil || !strings.Contains(err.Error(), test.want) || len(found) > 0 {
			t.Errorf("%s: %v, %v, want %q alone", test.name, found, err, test.want)
		}
	}
	found, err := aerospike.Audit(ended, c, aerospike.Facts{Namespace: namespace})
	if !errors.Is(err, context.Canceled) || len(found) > 0 {
		t.Errorf("ended: %v, %v, want %v alone", found, err, context.Canceled)
	}
	if _, err := aerospike.AuditAll(t.Context()); err == nil {
		t.Error("an audit of nothing passes")
	}
}

package audit

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// clusterOf returns a cluster of sound nodes, by the nodes' names.
func clusterOf(t *testing.T, f *Facts, name string, nodes map[string][]string) audited {
	t.Helper()
	c := audited{facts: *f, label: name}
	for node, changes := range nodes {
		n := soundNode(t, node, f, changes...)
		n.cluster = name
		c.nodes = append(c.nodes, n)
	}
	return c
}

func TestFindingsMergeNodes(t *testing.T) {
	f := factsOf(nil)
	const setting, one = "write-commit-level-override", "disable-write-dup-res"
	c := clusterOf(t, f, "c", map[string][]string{
		"A": {setting + "=master", one + "=true"},
		"B": {setting + "=master"},
		"C": {setting + "=master", one + "=true"},
	})
	nodes := func(found []Finding) map[string]string {
		m := make(map[string]string)
		for _, f := range found {
			m[f.Setting] = f.Node
			if f.Cluster != "c" {
				t.Errorf("%v: of cluster %q", f, f.Cluster)
			}
		}
		return m
	}
	first := judge([]audited{c})
	if got := nodes(first); len(first) != 2 || got[setting] != "" || got[one] != "A,C" {
		t.Errorf("nodes by setting: %q", got)
	}
	for range 20 {
		rand.Shuffle(len(c.nodes), func(i, j int) { c.nodes[i], c.nodes[j] = c.nodes[j], c.nodes[i] })
		if got := judge([]audited{c}); !slices.Equal(got, first) {
			t.Fatalf("in another order of nodes: %v, want %v", got, first)
		}
	}
	// One that gave no answer may be different.
	c.nodes = append(c.nodes, nil)
	if got := nodes(judge([]audited{c})); got[setting] != "A,B,C" {
		t.Errorf("with a node that does not answer: %q", got)
	}
}

func TestFindingsOrder(t *testing.T) {
	f := factsOf(func(f *Facts) { f.TTL = true })
	c := clusterOf(t, f, "c", map[string][]string{"A": {"default-ttl=1", "reject-xdr-writes=true", "-storage-engine"}})
	var got []Level
	for _, f := range judge([]audited{c}) {
		got = append(got, f.Level)
	}
	if want := []Level{Fatal, Warn, Warn, Info}; !slices.Equal(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
}

func TestFindingsChanged(t *testing.T) {
	a := Finding{Level: Warn, Setting: "default-ttl", Value: "1"}
	b := Finding{Level: Warn, Setting: "node cluster_clock_skew_ms", Value: "1001", Measured: true}
	other := func(f Finding, value string) Finding {
		f.Value = value
		return f
	}
	tests := []struct {
		name                string
		before, after, want []Finding
	}{
		{"none", nil, nil, nil},
		{"first", nil, []Finding{a, b}, []Finding{a, b}},
		{"same", []Finding{a, b}, []Finding{b, a}, nil},
		{"gone", []Finding{a, b}, []Finding{a}, nil},
		{"other value", []Finding{a, b}, []Finding{other(a, "2"), b}, []Finding{other(a, "2")}},
		{"measured", []Finding{a, b}, []Finding{a, other(b, "1002")}, nil},
	}
	for _, test := range tests {
		if got := Changed(test.before, test.after); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFindingString(t *testing.T) {
	f := Finding{Level: Fatal, Setting: "s", Value: "v", Cluster: "c", Node: "A,B", Guarantee: "g", Advice: "a"}
	if got, want := f.String(), "fatal: cluster c, node A,B: s=v: not promised: g; a"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.Cluster, f.Node, f.Value = "", "", "x\ny"
	if got, want := f.String(), `fatal: between clusters: s="x\ny": not promised: g; a`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for l, want := range map[Level]string{Info: "info", Warn: "warn", Fatal: "fatal", 9: "Level(9)"} {
		if l.String() != want {
			t.Errorf("Level %d is %q, want %q", uint8(l), l, want)
		}
	}
}

package audit

import (
	"slices"
	"testing"
)

func TestFindingsBetweenClusters(t *testing.T) {
	record := func(n int) func(*Facts) { return func(f *Facts) { f.RecordSize = n } }
	dc := func(id string) func(*Facts) { return func(f *Facts) { f.Datacenter = id } }
	per := func(id string) func(*Facts) {
		return func(f *Facts) { f.Datacenter, f.Layout = id, PerDatacenter }
	}
	const size = "max-record-size="
	noSize := []string{"info max-record-size="}
	type cluster struct {
		facts func(*Facts)
		name  string
		nodes map[string][]string
	}
	one := func(f func(*Facts), name, node string, changes ...string) cluster {
		return cluster{f, name, map[string][]string{node: changes}}
	}
	tests := []struct {
		name string
		a, b cluster
		want []string
	}{
		{"apart", one(nil, "a", "A"), one(nil, "b", "B"), nil},
		{
			"sizes", one(nil, "a", "A"), one(nil, "b", "B", size+"2097152"),
			[]string{"fatal max-record-size=1048576 to 2097152"},
		},
		{
			"sizes of nodes",
			cluster{nil, "a", map[string][]string{"A": nil, "C": {size + "8388608"}}},
			one(nil, "b", "B"),
			[]string{"fatal max-record-size=1048576 to 8388608"},
		},
		{
			"sizes above all records", one(record(1<<20), "a", "A"), one(record(1<<19), "b", "B", size+"2097152"),
			[]string{"info max-record-size=1048576 to 2097152"},
		},
		{
			"sizes below a record", one(nil, "a", "A"), one(record(1<<20+1), "b", "B", size+"2097152"),
			[]string{"fatal max-record-size=1048576 to 2097152"},
		},
		{"records too large", one(nil, "a", "A"), one(record(1<<20+1), "b", "B"), []string{"warn max-record-size=1048576"}},
		{
			"old server", one(nil, "a", "A"), one(nil, "b", "B", size+"0", "storage-engine.write-block-size=8388608"),
			[]string{"fatal max-record-size=1048576 to 8388608"},
		},
		{
			"old server that does not say", one(nil, "a", "A"), one(nil, "b", "B", size+"0"),
			[]string{"info storage-engine.write-block-size="},
		},
		{"no sizes", one(nil, "a", "A", "-max-record-size"), one(nil, "b", "B", "-max-record-size"), noSize},
		{"no size", one(nil, "a", "A"), one(nil, "b", "B", "-max-record-size"), noSize},

		{"one cluster", one(nil, "a", "A"), one(nil, "a", "A"), []string{"fatal cluster-name=a"}},
		{"one name", one(nil, "a", "A"), one(nil, "a", "B"), nil},
		{"one node id", one(nil, "a", "A"), one(nil, "b", "A"), nil},

		{"two datacenters", one(dc("x"), "a", "A"), one(dc("y"), "b", "B"), nil},
		{"one datacenter", one(dc("x"), "a", "A"), one(dc("x"), "b", "B"), []string{"fatal Datacenter=x"}},
		{"no datacenter", one(per(""), "a", "A"), one(per(""), "b", "B"), []string{"fatal Datacenter="}},
		{"two records", one(per("x"), "a", "A"), one(per("y"), "b", "B"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clusters := make([]audited, 0, 2)
			for _, c := range []cluster{test.a, test.b} {
				clusters = append(clusters, clusterOf(t, factsOf(c.facts), c.name, c.nodes))
			}
			if got := short(judge(clusters)); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestFindingsLabels(t *testing.T) {
	named := &nodeSettings{cluster: "n"}
	clusters := []audited{
		{facts: Facts{Datacenter: "d"}, nodes: []*nodeSettings{named}},
		{nodes: []*nodeSettings{nil, named}},
		{nodes: []*nodeSettings{named}},
		{nodes: []*nodeSettings{nil}},
	}
	label(clusters)
	got := make([]string, len(clusters))
	for i := range clusters {
		got[i] = clusters[i].label
	}
	if want := []string{"d", "n", "n (3)", "4"}; !slices.Equal(got, want) {
		t.Errorf("clusters are called %q, want %q", got, want)
	}
}

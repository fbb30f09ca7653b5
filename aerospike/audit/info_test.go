package audit

import (
	"strconv"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// TestSettingsNames: what is put into an info command must not end it.
func TestSettingsNames(t *testing.T) {
	for _, f := range []Facts{
		{},
		{Namespace: "a;b"},
		{Namespace: "a\nset-config:context=service"},
		{Namespace: strings.Repeat("n", cluster.MaxNamespace+1)},
		{Namespace: "test", Set: "a\tb"},
		{Namespace: "test", Set: "a/b"},
		{Namespace: "test", Set: strings.Repeat("s", cluster.MaxSet+1)},
	} {
		if err := f.check(); err == nil {
			t.Errorf("Facts of namespace %q and set %q are taken", f.Namespace, f.Set)
		}
	}
	for _, f := range []Facts{{Namespace: "test"}, {Namespace: "a-b_c", Set: "carts.$1"}} {
		if err := f.check(); err != nil {
			t.Errorf("Facts of namespace %q and set %q: %v", f.Namespace, f.Set, err)
		}
	}
}

// FuzzSettings reads replies of any content: what comes out is bounded, and no rule
// panics over it.
func FuzzSettings(f *testing.F) {
	f.Add(
		"conflict-resolution-policy=generation;max-record-size=1048576;storage-engine=memory;storage-engine.file[0]=x",
		"cluster_clock_skew_ms=9", recorded(f)["sets/test/carts"], "dcs=b,c;src-id=0", xdrDC, xdrOne,
	)
	f.Add("default-ttl=0;default-ttl=1", "ERROR:1:", "a=1:a=2;", "dcs=,,\x00", "namespaces=test", "bin-policy=no-bins")
	f.Add("truncate_lut=18446744073709551615", "cluster_clock_skew_ms=-1", "", "dcs=b", "namespaces=,test", "enabled")
	f.Fuzz(func(t *testing.T, namespace, stats, set, xdr, dc, within string) {
		facts := factsOf(func(f *Facts) { f.TTL, f.RecordSize = true, 1<<20 })
		n, err := askNode(func(commands ...string) (map[string]string, error) {
			for _, c := range commands {
				if strings.ContainsAny(c, "\n\t") || strings.Count(c, ";") > 2 {
					t.Errorf("a command made of a reply: %q", c)
				}
			}
			return scripted(map[string]string{
				"namespace/test": namespace, "statistics": stats, "sets/test/carts": set, "get-config:context=xdr": xdr,
				"get-config:context=xdr;dc=b": dc, "get-config:context=xdr;dc=b;namespace=test": within,
			})(commands...)
		}, "A", facts)
		if n == nil {
			if err == nil {
				t.Error("neither a node nor an error")
			}
			return
		}
		facts.Layout = Layout(len(namespace) % 2)
		for _, f := range judge([]audited{{facts: *facts, label: "c", nodes: []*nodeSettings{n}}}) {
			if s := f.String(); strings.Contains(s, "\n") || len(s) > 4096 {
				t.Errorf("a finding that is too long, or on more than a line: %.9999s", strconv.Quote(s))
			}
		}
	})
}

func TestSettingsClusterName(t *testing.T) {
	for reply, want := range map[string]string{"c0": "c0", "null": "", "": "", "ERROR:4:odd": ""} {
		replies := recorded(t)
		replies["cluster-name"] = reply
		if got := nodeOf(t, "A", factsOf(nil), replies).cluster; got != want {
			t.Errorf("cluster-name replies %q: %q, want %q", reply, got, want)
		}
	}
}

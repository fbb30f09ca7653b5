package audit

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestFindingsOfDefaults(t *testing.T) {
	f := factsOf(nil)
	want := []string{
		"warn conflict-resolution-policy=generation",
		"warn effective_replication_factor=1",
		"warn storage-engine=memory",
	}
	if got := short(judgeNode(f, nodeOf(t, "A", f, recorded(t)))); !slices.Equal(got, want) {
		t.Errorf("a server with default settings: %q, want %q", got, want)
	}
	if got := short(judgeNode(f, soundNode(t, "A", f))); len(got) > 0 {
		t.Errorf("a sound server: %q, want nothing", got)
	}
}

// TestFindings changes one setting of a sound server after another.
func TestFindings(t *testing.T) {
	alone := func(f *Facts) { f.Clusters, f.Journal = 1, false }
	journal := func(f *Facts) { f.Clusters = 1 }
	ttl := func(f *Facts) { f.TTL = true }
	const generation, master = "conflict-resolution-policy=generation", "write-commit-level-override=master"
	tests := []struct {
		row    string
		facts  func(*Facts)
		change []string
		want   []string
	}{
		{"generation", nil, []string{generation}, []string{"warn " + generation}},
		{"generation", journal, []string{generation}, []string{"warn " + generation}},
		{"generation", alone, []string{generation}, []string{"fatal " + generation}},
		{"generation", alone, []string{generation, "strong-consistency=true"}, nil},
		{"generation", nil, []string{"conflict-resolution-policy=odd"}, []string{"info conflict-resolution-policy=odd"}},

		{"commit level", nil, []string{master}, []string{"fatal " + master}},
		{"commit level", nil, []string{"write-commit-level-override=all"}, nil},
		{"commit level", nil, []string{"write-commit-level-override=odd"}, []string{"info write-commit-level-override=odd"}},

		{"duplicates", nil, []string{"disable-write-dup-res=true"}, []string{"fatal disable-write-dup-res=true"}},
		{"duplicates", nil, []string{"disable-write-dup-res=perhaps"}, []string{"info disable-write-dup-res=perhaps"}},

		{"reads", nil, []string{"read-consistency-level-override=one"}, []string{"warn read-consistency-level-override=one"}},
		{"reads", nil, []string{"read-consistency-level-override=all"}, nil},

		{"replication", nil, []string{"effective_replication_factor=1"}, []string{"warn effective_replication_factor=1"}},
		{"replication", journal, []string{"effective_replication_factor=1"}, []string{"warn effective_replication_factor=1"}},
		{"replication", alone, []string{"effective_replication_factor=1"}, []string{"fatal effective_replication_factor=1"}},
		{"replication", nil, []string{"effective_replication_factor=two"}, []string{"info effective_replication_factor=two"}},
		{"memory", nil, []string{"-storage-engine.file[0]"}, []string{"warn storage-engine=memory"}},
		{"memory", alone, []string{"-storage-engine.file[0]"}, []string{"fatal storage-engine=memory"}},
		{"memory", alone, []string{"-storage-engine.file[0]", "storage-engine=device"}, nil},

		{
			"commit to device", nil,
			[]string{"storage-engine.commit-to-device=false"},
			[]string{"info storage-engine.commit-to-device=false"},
		},

		{"skew", nil, []string{"node cluster_clock_skew_ms=1000"}, nil},
		{"skew", nil, []string{"node cluster_clock_skew_ms=1001"}, []string{"warn node cluster_clock_skew_ms=1001"}},
		{"skew", func(f *Facts) { f.Margin = 0 }, []string{"node cluster_clock_skew_ms=1001"}, nil},

		{"expiry", ttl, nil, []string{"fatal nsup-period=0"}},
		{"expiry", ttl, []string{"nsup-period=120"}, nil},
		{
			"expiry", ttl,
			[]string{"allow-ttl-without-nsup=true"},
			[]string{"warn allow-ttl-without-nsup=true", "warn nsup-period=0"},
		},
		{
			"expiry", ttl,
			[]string{"allow-ttl-without-nsup=true", "nsup-period=120"},
			[]string{"warn allow-ttl-without-nsup=true"},
		},

		{"life", nil, []string{"default-ttl=60"}, []string{"info default-ttl=60"}},
		{"life", nil, []string{"set default-ttl=60"}, []string{"info set default-ttl=60"}},
		{"life", func(f *Facts) { f.Set = "" }, []string{"set default-ttl=60"}, nil},
		{"life", nil, []string{"default-read-touch-ttl-pct=50"}, []string{"info default-read-touch-ttl-pct=50"}},
		{"life", nil, []string{"apply-ttl-reductions=false"}, []string{"info apply-ttl-reductions=false"}},
		{"life", nil, []string{"storage-engine.evict-used-pct=50"}, []string{"info storage-engine.evict-used-pct=50"}},
		{"life", nil, []string{"evict-indexes-memory-pct=50"}, []string{"info evict-indexes-memory-pct=50"}},
		{
			"life", ttl,
			[]string{
				"nsup-period=120", "default-ttl=60", "set default-ttl=60", "default-read-touch-ttl-pct=50",
				"set default-read-touch-ttl-pct=1", "apply-ttl-reductions=false", "storage-engine.evict-used-pct=50",
				"evict-indexes-memory-pct=50",
			},
			[]string{
				"warn apply-ttl-reductions=false", "warn default-read-touch-ttl-pct=50", "warn default-ttl=60",
				"warn evict-indexes-memory-pct=50", "warn set default-read-touch-ttl-pct=1", "warn set default-ttl=60",
				"warn storage-engine.evict-used-pct=50",
			},
		},

		{"stop writes", nil, []string{"stop_writes=true"}, []string{"warn stop_writes=true"}},
		{"stop writes", nil, []string{"clock_skew_stop_writes=true"}, []string{"warn clock_skew_stop_writes=true"}},
		{"stop writes", nil, []string{"reject-non-xdr-writes=true"}, []string{"warn reject-non-xdr-writes=true"}},
		{"stop writes", nil, []string{"reject-xdr-writes=true"}, []string{"warn reject-xdr-writes=true"}},
		{"stop writes", nil, []string{"set stop-writes-count=9"}, []string{"warn set stop-writes-count=9"}},
		{"stop writes", nil, []string{"set stop-writes-size=9"}, []string{"warn set stop-writes-size=9"}},
		{"stop writes", nil, []string{"data_used_pct=59"}, nil},
		{"stop writes", nil, []string{"data_used_pct=60"}, []string{"warn storage-engine.stop-writes-used-pct=70 at 60"}},
		{"stop writes", nil, []string{"data_used_pct=99", "storage-engine.stop-writes-used-pct=0"}, nil},
		{"stop writes", nil, []string{"data_avail_pct=16"}, nil},
		{"stop writes", nil, []string{"data_avail_pct=15"}, []string{"warn storage-engine.stop-writes-avail-pct=5 at 15"}},
		{"stop writes", nil, []string{"node system_free_mem_pct=21"}, nil},
		{"stop writes", nil, []string{"node system_free_mem_pct=20"}, []string{"warn stop-writes-sys-memory-pct=90 at 80"}},

		{"truncation", nil, []string{"truncate_lut=533150514702"}, []string{"warn truncate_lut=533150514702"}},
		{"truncation", nil, []string{"set truncate_lut=533150514702"}, []string{"warn set truncate_lut=533150514702"}},
		{
			"truncation",
			func(f *Facts) { f.Started = time.Date(2026, 11, 23, 17, 21, 54, 0, time.UTC) },
			[]string{"truncate_lut=533150514702", "set truncate_lut=533150512702"},
			[]string{"info set truncate_lut=533150512702", "warn truncate_lut=533150514702"},
		},

		{
			"expunge", nil,
			[]string{"strong-consistency-allow-expunge=true"},
			[]string{"warn strong-consistency-allow-expunge=true"},
		},
	}
	for i, test := range tests {
		t.Run(test.row+" "+strconv.Itoa(i), func(t *testing.T) {
			f := factsOf(test.facts)
			found := judgeNode(f, soundNode(t, "A", f, test.change...))
			if got := short(found); !slices.Equal(got, test.want) {
				t.Errorf("after %q: %q, want %q", test.change, got, test.want)
			}
			for _, f := range found {
				if f.Guarantee == "" || f.Advice == "" || f.Node != "A" {
					t.Errorf("a finding that does not say everything: %+v", f)
				}
			}
		})
	}
}

// TestFindingsNotReported takes away one setting after another: none may count as
// fine by being silent.
func TestFindingsNotReported(t *testing.T) {
	needed := []string{
		"strong-consistency", "conflict-resolution-policy", "write-commit-level-override", "disable-write-dup-res",
		"read-consistency-level-override", "effective_replication_factor", "storage-engine",
		"storage-engine.commit-to-device", "node cluster_clock_skew_ms", "nsup-period", "allow-ttl-without-nsup",
		"default-ttl", "set default-ttl", "default-read-touch-ttl-pct", "set default-read-touch-ttl-pct",
		"apply-ttl-reductions", "storage-engine.evict-used-pct", "evict-indexes-memory-pct", "stop_writes",
		"clock_skew_stop_writes", "reject-non-xdr-writes", "reject-xdr-writes", "set stop-writes-count",
		"set stop-writes-size", "storage-engine.stop-writes-used-pct", "data_used_pct",
		"storage-engine.stop-writes-avail-pct", "data_avail_pct", "stop-writes-sys-memory-pct",
		"node system_free_mem_pct", "truncate_lut", "set truncate_lut", "strong-consistency-allow-expunge",
	}
	f := factsOf(func(f *Facts) { f.TTL = true })
	for _, name := range needed {
		found := judgeNode(f, soundNode(t, "A", f, "nsup-period=120", "-"+name))
		if got, want := short(found), []string{"info " + name + "="}; !slices.Equal(got, want) {
			t.Errorf("without %s: %q, want %q", name, got, want)
		} else if !strings.Contains(found[0].Advice, "not reported") {
			t.Errorf("without %s: %v", name, found[0])
		}
	}
}

// TestFindingsOfSet: a set that nobody has written has the defaults, and one that
// the server does not tell about is not known.
func TestFindingsOfSet(t *testing.T) {
	f := factsOf(nil)
	replies := recorded(t)
	reset(t, replies, sound...)
	replies["sets/test/carts"] = ""
	if got := short(judgeNode(f, nodeOf(t, "A", f, replies))); len(got) > 0 {
		t.Errorf("a set that is not there: %q, want nothing", got)
	}
	for _, text := range []string{"ERROR:4:odd", "ns_type=unknown", "objects=1;objects=2"} {
		replies["sets/test/carts"] = text
		n, err := askNode(scripted(replies), "A", f)
		if err == nil || n == nil {
			t.Fatalf("a set that replies %q: %v, %v, want a node and an error", text, n, err)
		}
		if got := short(judgeNode(f, n)); !slices.Contains(got, "info set truncate_lut=") {
			t.Errorf("a set that replies %q: %q", text, got)
		}
	}
}

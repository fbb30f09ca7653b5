package aerospike

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestSettingsParsePairs(t *testing.T) {
	tests := []struct {
		text, separator string
		want            map[string]string
	}{
		{"", ";", map[string]string{}},
		{"a=1;b=;c=x=y;", ";", map[string]string{"a": "1", "b": "", "c": "x=y"}},
		{"a=1:b=2", ":", map[string]string{"a": "1", "b": "2"}},
		{"a;=1;;b=2;b=2", ";", map[string]string{"b": "2"}},
		{"a=1;a=2", ";", nil},
		{strings.Repeat(";", maxInfoPairs+1), ";", nil},
		{strings.Repeat("x", maxInfoReply+1), ";", nil},
	}
	for _, test := range tests {
		got, err := parsePairs(test.text, test.separator)
		if (err == nil) != (test.want != nil) || !maps.Equal(got, test.want) {
			t.Errorf("parsePairs(%.40q) = %v, %v, want %v", test.text, got, err, test.want)
		}
		if err != nil && !errors.Is(err, errUnreadable) {
			t.Errorf("parsePairs(%.40q): %v, want %v", test.text, err, errUnreadable)
		}
	}
}

func TestSettingsReply(t *testing.T) {
	replies := map[string]string{
		"ok": "a=1", "empty": "", "failed": "failed_best_practices=true", "error": "ERROR:4:unrecognized command",
		"old": "FAIL:4:no", "none": "type=unknown", "long": strings.Repeat("x", maxInfoReply+1),
	}
	for command, want := range map[string]error{
		"ok": nil, "empty": nil, "failed": nil, "error": errUnreadable, "old": errUnreadable, "none": errUnreadable,
		"long": errUnreadable, "missing": errNoAnswer,
	} {
		text, err := reply(replies, command)
		if !errors.Is(err, want) || (err == nil && text != replies[command]) {
			t.Errorf("reply to %s: %.40q, %v, want %v", command, text, err, want)
		}
	}
}

// TestSettingsNames: what is put into an info command must not end it.
func TestSettingsNames(t *testing.T) {
	for _, f := range []Facts{
		{},
		{Namespace: "a;b"},
		{Namespace: "a\nset-config:context=service"},
		{Namespace: strings.Repeat("n", maxNamespace+1)},
		{Namespace: "test", Set: "a\tb"},
		{Namespace: "test", Set: "a/b"},
		{Namespace: "test", Set: strings.Repeat("s", maxSet+1)},
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

// FuzzSettings reads replies of any content: what comes out is bounded, is a fixed
// point of writing and reading, and no rule panics over it.
func FuzzSettings(f *testing.F) {
	f.Add(
		"conflict-resolution-policy=generation;max-record-size=1048576;storage-engine=memory;storage-engine.file[0]=x",
		"cluster_clock_skew_ms=9", recorded(f)["sets/test/carts"], "dcs=b,c;src-id=0", xdrDC, xdrOne,
	)
	f.Add("default-ttl=0;default-ttl=1", "ERROR:1:", "a=1:a=2;", "dcs=,,\x00", "namespaces=test", "bin-policy=no-bins")
	f.Add("truncate_lut=18446744073709551615", "cluster_clock_skew_ms=-1", "", "dcs=b", "namespaces=,test", "enabled")
	f.Fuzz(func(t *testing.T, namespace, stats, set, xdr, dc, within string) {
		if pairs, err := parsePairs(namespace, ";"); err == nil {
			var b strings.Builder
			for _, name := range slices.Sorted(maps.Keys(pairs)) {
				b.WriteString(name + "=" + pairs[name] + ";")
			}
			again, err := parsePairs(b.String(), ";")
			if err != nil || !maps.Equal(again, pairs) || len(pairs) > maxInfoPairs+1 {
				t.Errorf("read again: %v, %v, want %v", again, err, pairs)
			}
		}
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

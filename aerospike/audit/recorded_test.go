package audit

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// recorded returns the replies of a Community Edition 8.1.0.3 with one node and
// nothing configured, by command, without what tells the machine.
func recorded(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/settings_ce_8.1.0.3.txt")
	if err != nil {
		t.Fatal(err)
	}
	replies := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		command, reply, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			t.Fatalf("a line without a reply: %.40q", line)
		}
		replies[command] = reply
	}
	return replies
}

// sound is what has to be changed in the recorded settings before no rule finds
// anything.
var sound = []string{
	"conflict-resolution-policy=last-update-time",
	"effective_replication_factor=2",
	"storage-engine.file[0]=test.dat",
	"storage-engine.commit-to-device=true",
}

// reset sets "name=value", or takes away "-name", in the reply that has what the
// name's prefix says.
func reset(t testing.TB, replies map[string]string, changes ...string) {
	t.Helper()
	for _, c := range changes {
		name, value, set := strings.Cut(strings.TrimPrefix(c, "-"), "=")
		command, separator := "namespace/test", ";"
		if rest, ok := strings.CutPrefix(name, ofSet); ok {
			command, separator, name = "sets/test/carts", ":", rest
		} else if rest, ok := strings.CutPrefix(name, ofNode); ok {
			command, name = "statistics", rest
		}
		pieces := strings.Split(strings.TrimSuffix(replies[command], ";"), separator)
		at := slices.IndexFunc(pieces, func(p string) bool { return strings.HasPrefix(p, name+"=") })
		switch {
		case !set && at < 0:
			t.Fatalf("no %q to take away", name)
		case !set:
			pieces = slices.Delete(pieces, at, at+1)
		case at < 0:
			pieces = append(pieces, name+"="+value)
		default:
			pieces[at] = name + "=" + value
		}
		replies[command] = strings.Join(pieces, separator)
	}
}

// scripted answers from replies. A command without one gets no answer.
func scripted(replies map[string]string) cluster.Ask {
	return func(commands ...string) (map[string]string, error) {
		out := make(map[string]string)
		for _, c := range commands {
			if text, ok := replies[c]; ok {
				out[c] = text
			}
		}
		return out, nil
	}
}

func nodeOf(t testing.TB, name string, f *Facts, replies map[string]string) *nodeSettings {
	t.Helper()
	n, err := askNode(scripted(replies), name, f)
	if err != nil {
		t.Fatalf("askNode: %v", err)
	}
	return n
}

// soundNode returns a node that is sound but for the changes.
func soundNode(t testing.TB, name string, f *Facts, changes ...string) *nodeSettings {
	t.Helper()
	replies := recorded(t)
	reset(t, replies, sound...)
	reset(t, replies, changes...)
	return nodeOf(t, name, f, replies)
}

// factsOf returns the usual ones, which mutate may change.
func factsOf(mutate func(*Facts)) *Facts {
	f := &Facts{
		Namespace: "test", Set: "carts", Clusters: 2, Journal: true, Margin: time.Second,
	}
	if mutate != nil {
		mutate(f)
	}
	return f
}

// short returns findings as "level setting=value", sorted.
func short(fs []Finding) []string {
	lines := make(map[string]bool)
	for _, f := range fs {
		lines[fmt.Sprintf("%v %s=%s", f.Level, f.Setting, f.Value)] = true
	}
	return slices.Sorted(maps.Keys(lines))
}

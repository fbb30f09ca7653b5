package store_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

var rewrite = flag.Bool("rewrite", false, "write the scripts of the protocol anew")

// TestScripts runs the scripts in testdata/protocol: rules of the protocol as what cores
// do, step by step. A line is a step, and the lines below it that start with "|" are what
// comes of it. With -rewrite the files are written as it came.
//
//	open NAME PEERS [log]       a store; log: its log keeps one change, so heals are sessions
//	put NAME KEY WORDS…         an update, made durable
//	tick NAME N                 time passes
//	deliver KIND FROM TO [N]    the N-th of these messages, or all, arrive
//	drop [KIND]                 messages are lost
//	break NAME KEY              the object cannot be read any more
//	wire                        what is under way
//	show NAME                   vector and objects
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/protocol/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playScript(t, string(raw))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(raw) {
				t.Errorf("the script comes out as\n%s\nRun with -rewrite if that is right.", got)
			}
		})
	}
}

// playScript performs a script and returns it with what came of its steps.
func playScript(t *testing.T, script string) string {
	t.Helper()
	w := newWorld(t)
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "|") {
			continue
		}
		fmt.Fprintln(&out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, said := range scriptStep(w, strings.Fields(line)) {
			fmt.Fprintln(&out, "| "+said)
		}
	}
	return out.String()
}

func scriptStep(w *world, f []string) (said []string) {
	w.t.Helper()
	before := len(w.wire)
	named := func() *node { return w.node(replication.PeerID(f[1])) }
	switch f[0] {
	case "open":
		var opts []func(*replication.CoreConfig)
		if len(f) > 3 {
			opts = append(opts, shortLog)
		}
		w.open(replication.PeerID(f[1]), f[2], opts...)
	case "put":
		named().put(f[2], f[3:]...)
	case "tick":
		n, err := strconv.Atoi(f[2])
		if err != nil {
			w.t.Fatal(err)
		}
		named().tick(n)
	case "deliver", "drop":
		some := w.take(func(p parcel) bool {
			return (len(f) < 2 || kindOf(p.message) == f[1]) && (len(f) < 4 || string(p.from) == f[2] && string(p.to) == f[3])
		})
		if len(f) > 4 {
			n, err := strconv.Atoi(f[4])
			if err != nil || n > len(some) {
				w.t.Fatalf("%q of %d messages: %v", f, len(some), err)
			}
			w.wire = append(slices.Clone(slices.Delete(slices.Clone(some), n-1, n)), w.wire...)
			some = some[n-1 : n]
		}
		before = len(w.wire)
		if f[0] == "deliver" {
			w.deliver(some...)
		}
	case "break":
		n, sound := named(), named().load
		n.load = func(key string) ([][]byte, error) {
			if key == f[2] {
				return nil, errDisk
			}
			return sound(key)
		}
	case "wire":
		before = 0
	case "show":
		n := named()
		said = append(said, "applied "+n.core.Applied().String())
		keys := scriptKeys(n)
		for _, key := range keys {
			said = append(said, fmt.Sprintf("%s: %v", key, slices.Collect(view(n, crdt.AWSetKind(crdt.String), key).All())))
		}
	default:
		w.t.Fatalf("step %q", f)
	}
	for _, p := range w.wire[min(before, len(w.wire)):] {
		said = append(said, fmt.Sprintf("%s to %s: %s", p.from, p.to, describe(p.message)))
	}
	return said
}

func scriptKeys(n *node) (keys []string) {
	for rec, err := range n.engine.Scan(n.w.ctx(), "", "") {
		if err != nil {
			n.w.t.Fatal(err)
		}
		keys = append(keys, rec.Key)
	}
	return keys
}

func kindOf(m replication.Message) string {
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", m), "*replication."))
}

// describe tells what a message says.
func describe(m replication.Message) string {
	switch m := m.(type) {
	case *replication.Push:
		var keys []string
		for _, ch := range m.Changes {
			keys = append(keys, fmt.Sprintf("%s %v:%d-%d", ch.Key, ch.Span.Replica, ch.Span.First, ch.Span.Last))
		}
		return "push of " + strings.Join(keys, ", ")
	case *replication.Hello:
		return "hello, has " + m.Have.String()
	case *replication.Request:
		return fmt.Sprintf("request of what is beyond %v, got %v", m.Base, m.Got)
	case *replication.Frames:
		var keys []string
		for _, it := range m.Items {
			if len(it.Frames) == 0 {
				keys = append(keys, it.Key+" (cannot be read)")
			} else {
				keys = append(keys, it.Key)
			}
		}
		return fmt.Sprintf("frames %d of %d: %s, snapshot %v", m.Index, m.Count, strings.Join(keys, ", "), m.Snapshot)
	}
	return fmt.Sprintf("%T", m)
}

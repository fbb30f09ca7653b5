package asbench

import (
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/bench"
)

// Benchmark runs every case, on the first of the servers in AEROSPIKE_HOSTS=host:port,...
// or on one in this process; its baseline stands beside it as …/raw.
func Benchmark(b *testing.B) {
	addr, _, _ := strings.Cut(os.Getenv("AEROSPIKE_HOSTS"), ",")
	cases, closing, err := Cases(addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := closing(); err != nil {
			b.Error(err)
		}
	})
	run := func(f func(*bench.B) error) func(*testing.B) {
		return func(b *testing.B) {
			if err := f(&bench.B{B: b}); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, c := range cases {
		b.Run(c.Key(), run(c.Run))
		if c.Baseline != nil {
			b.Run(c.Key()+"/raw", run(c.Baseline))
		}
	}
}

// benchtime sets how long testing.Benchmark measures until the test ends.
func benchtime(t *testing.T, v string) {
	t.Helper()
	f := flag.Lookup("test.benchtime")
	was := f.Value.String()
	if err := f.Value.Set(v); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(was); err != nil {
			t.Error(err)
		}
	})
}

func openSmall(t *testing.T, addr string) []bench.Case {
	t.Helper()
	cases, closing, err := open(addr, sizes{objects: 300, incarnations: []int{100, 1000}, contexts: []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closing(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return cases
}

// TestEveryCaseRuns runs each case and its baseline on a small world.
func TestEveryCaseRuns(t *testing.T) {
	benchtime(t, "1x")
	name := regexp.MustCompile(`^as/[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, c := range openSmall(t, "") {
		if !name.MatchString(c.Name) || c.N < 1 || seen[c.Key()] {
			t.Errorf("case %s: want a name like %v, once, and a size", c.Key(), name)
		}
		seen[c.Key()] = true
		r, err := bench.Measure(c, nil)
		if err != nil || r.NsOp <= 0 || (r.MapNsOp > 0) != (c.Baseline != nil) {
			t.Errorf("%s: measured %+v, %v", c.Key(), r, err)
		}
	}
}

// TestTick ends a case while it builds what it needs.
func TestTick(t *testing.T) {
	benchtime(t, "1x")
	enough := errors.New("enough")
	for _, c := range openSmall(t, "") {
		if !strings.HasPrefix(c.Name, "as/update") && !strings.HasPrefix(c.Name, "as/restarts") {
			continue
		}
		_, err := bench.Measure(c, func(done, total int) error {
			if total > 0 && done > total/2 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Errorf("%s: %v, want the error of Tick", c.Key(), err)
		}
	}
}

// TestCasesRunOn runs those that change the set in memory, or one record again and
// again, for so long that queues are folded several times.
func TestCasesRunOn(t *testing.T) {
	benchtime(t, "1000x")
	for _, c := range openSmall(t, "") {
		switch c.Name {
		case "as/cpu-update", "as/hot-append", "as/hot-append-4k", "as/cas-baseline-hot", "as/update-16":
			if r, err := bench.Measure(c, nil); err != nil || r.NsOp <= 0 {
				t.Errorf("%s: measured %+v, %v", c.Key(), r, err)
			}
		}
	}
}

// TestClosingRemoves runs all cases twice on a server that stays. Nothing stays on it
// but blocks, of which the second run makes no more.
func TestClosingRemoves(t *testing.T) {
	benchtime(t, "1x")
	server := asdtest.Start(t)
	var blocks [2]int
	for i := range blocks {
		t.Run("", func(t *testing.T) {
			for _, c := range openSmall(t, server.Addr()) {
				if _, err := bench.Measure(c, nil); err != nil {
					t.Error(err)
				}
			}
		})
		for name, n := range records(t, server) {
			if name == set+".b" {
				blocks[i] = n
			} else {
				t.Errorf("%d records are left in %s", n, name)
			}
		}
	}
	if blocks[0] != blocks[1] {
		t.Errorf("%d blocks after one run, %d after two", blocks[0], blocks[1])
	}
}

// records counts the records on a server by their sets.
func records(t *testing.T, server *asdtest.Cluster) map[string]int {
	t.Helper()
	c, err := as.NewClient(server.Host(), server.Port())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rs, err := c.ScanAll(nil, namespace, "")
	if err != nil {
		t.Fatal(err)
	}
	n := make(map[string]int)
	for r := range rs.Results() {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		n[r.Record.Key.SetName()]++
	}
	return n
}

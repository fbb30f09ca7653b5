package bench_test

import (
	"cmp"
	"errors"
	"flag"
	"regexp"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/bench"
)

// once makes testing.Benchmark run one iteration until the test ends.
func once(t *testing.T) {
	t.Helper()
	f := flag.Lookup("test.benchtime")
	was := f.Value.String()
	if err := f.Value.Set("1x"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(was); err != nil {
			t.Error(err)
		}
	})
}

func always() bool { return true }

func TestCasesAreSortedAndUnique(t *testing.T) {
	t.Parallel()
	cases := bench.Cases()
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	name := regexp.MustCompile(`^[a-z]+/[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, c := range cases {
		if !name.MatchString(c.Name) || c.N < 1 || c.Target < 0 || c.Run == nil {
			t.Errorf("case %q: n %d, target %g, or no Run: want a name like %v, a size, and a target of 0 or more", c.Name, c.N, c.Target, name)
		}
	}
	order := func(a, b bench.Case) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.N, b.N)) }
	for i := 1; i < len(cases); i++ {
		if order(cases[i-1], cases[i]) >= 0 {
			t.Errorf("%s stands before %s", cases[i-1].Key(), cases[i].Key())
		}
	}
}

// TestEveryCaseRuns runs each case and its baseline once.
func TestEveryCaseRuns(t *testing.T) {
	once(t)
	for _, c := range bench.Cases() {
		t.Run(c.Key(), func(t *testing.T) {
			if testing.Short() && c.N > 1e4 {
				t.Skip("large")
			}
			r, err := bench.Measure(c, always)
			if err != nil {
				t.Fatal(err)
			}
			if r.NsOp <= 0 || r.Case.Key() != c.Key() || (r.MapNsOp > 0) != (c.Baseline != nil) {
				t.Errorf("measured %+v", r)
			}
		})
	}
}

// TestCasesRunOn runs the fast cases for so long that what is fed to them, or
// what they restore, is used up several times.
func TestCasesRunOn(t *testing.T) {
	once(t)
	if err := flag.Set("test.benchtime", "9000x"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"awset/merge-delta1/n=1000", "awset/add/n=10000", "awset/remove/n=10000", "vector/merge/n=3"} {
		i := slices.IndexFunc(bench.Cases(), func(c bench.Case) bool { return c.Key() == key })
		if i < 0 {
			t.Fatalf("no case %s", key)
		}
		if _, err := bench.Measure(bench.Cases()[i], always); err != nil {
			t.Error(err)
		}
	}
}

func TestMeasure(t *testing.T) {
	once(t)
	broken := errors.New("broken")
	good := func(b *testing.B) error {
		for b.Loop() {
			_ = b.Elapsed()
		}
		return nil
	}
	bad := func(*testing.B) error { return broken }
	badInside := func(b *testing.B) error {
		for b.Loop() {
			return broken
		}
		return nil
	}
	for _, tt := range []struct {
		name      string
		run, base func(*testing.B) error
		more      bool
		want      error
		wantMap   bool
	}{
		{"good", good, nil, true, nil, false},
		{"with baseline", good, good, true, nil, true},
		{"baseline not wanted", good, good, false, nil, false},
		{"fails before the loop", bad, good, true, broken, false},
		{"fails in the loop", badInside, good, true, broken, false},
		{"baseline fails", good, bad, true, broken, false},
	} {
		c := bench.Case{Name: "some/case", N: 1, Run: tt.run, Baseline: tt.base}
		r, err := bench.Measure(c, func() bool { return tt.more })
		if !errors.Is(err, tt.want) || (r.MapNsOp > 0) != tt.wantMap {
			t.Errorf("%s: Measure = %+v, %v; want error %v, baseline %v", tt.name, r, err, tt.want, tt.wantMap)
		}
	}
	if _, err := bench.Measure(bench.Case{Name: "some/case", N: 1, Run: func(*testing.B) error { return nil }}, always); err != nil {
		t.Errorf("a benchmark that does nothing: %v", err)
	}
	gone := func(b *testing.B) error { b.SkipNow(); return nil }
	if _, err := bench.Measure(bench.Case{Name: "some/case", N: 1, Run: gone}, always); err == nil {
		t.Error("a benchmark that ended early was measured")
	}
}

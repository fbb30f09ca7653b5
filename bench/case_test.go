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

func TestCasesAreSortedAndUnique(t *testing.T) {
	t.Parallel()
	cases := bench.Cases()
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	name := regexp.MustCompile(`^[a-z]+/[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, c := range cases {
		if !name.MatchString(c.Name) || c.N < 1 || c.Target < 0 || c.TargetBytes < 0 || c.Run == nil {
			t.Errorf("case %q: n %d, targets %g and %g, or no Run: want a name like %v, a size, and targets of 0 or more", c.Name, c.N, c.Target, c.TargetBytes, name)
		}
	}
	order := func(a, b bench.Case) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.N, b.N)) }
	for i := 1; i < len(cases); i++ {
		if order(cases[i-1], cases[i]) >= 0 {
			t.Errorf("%s stands before %s", cases[i-1].Key(), cases[i].Key())
		}
	}
}

// TestEveryCaseRuns runs each case and its baseline once, but those that are too
// large for a test.
func TestEveryCaseRuns(t *testing.T) {
	once(t)
	for _, c := range bench.Cases() {
		t.Run(c.Key(), func(t *testing.T) {
			if c.N > 1e5 || testing.Short() && c.N > 1e4 {
				t.Skip("large")
			}
			r, err := bench.Measure(c, nil)
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
	if err := flag.Set("test.benchtime", "11000x"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"awset/merge-delta1/n=1000", "awset/add/n=100000", "awset/remove/n=100000", "mvregister/sync/n=2", "vector/merge/n=3"} {
		i := slices.IndexFunc(bench.Cases(), func(c bench.Case) bool { return c.Key() == key })
		if i < 0 {
			t.Fatalf("no case %s", key)
		}
		if _, err := bench.Measure(bench.Cases()[i], nil); err != nil {
			t.Error(err)
		}
	}
}

func TestMeasure(t *testing.T) {
	once(t)
	broken := errors.New("broken")
	good := func(b *bench.B) error {
		for b.Loop() {
			_ = b.Elapsed()
		}
		return nil
	}
	bad := func(*bench.B) error { return broken }
	badInside := func(b *bench.B) error {
		for b.Loop() {
			return broken
		}
		return nil
	}
	enough := errors.New("enough")
	for _, tt := range []struct {
		name      string
		run, base func(*bench.B) error
		tick      error
		want      error
		wantMap   bool
	}{
		{"good", good, nil, nil, nil, false},
		{"with baseline", good, good, nil, nil, true},
		{"baseline not wanted", good, good, enough, nil, false},
		{"fails before the loop", bad, good, nil, broken, false},
		{"fails in the loop", badInside, good, nil, broken, false},
		{"baseline fails", good, bad, nil, broken, false},
	} {
		c := bench.Case{Name: "some/case", N: 1, Run: tt.run, Baseline: tt.base}
		r, err := bench.Measure(c, func(int, int) error { return tt.tick })
		if !errors.Is(err, tt.want) || (r.MapNsOp > 0) != tt.wantMap {
			t.Errorf("%s: Measure = %+v, %v; want error %v, baseline %v", tt.name, r, err, tt.want, tt.wantMap)
		}
	}
	if _, err := bench.Measure(bench.Case{Name: "some/case", N: 1, Run: func(*bench.B) error { return nil }}, nil); err != nil {
		t.Errorf("a benchmark that does nothing: %v", err)
	}
	gone := func(b *bench.B) error { b.Skip("to end early is what is tested"); return nil }
	if _, err := bench.Measure(bench.Case{Name: "some/case", N: 1, Run: gone}, nil); err == nil {
		t.Error("a benchmark that ended early was measured")
	}
}

// TestTick stops a case while it builds and while it feeds itself.
func TestTick(t *testing.T) {
	once(t)
	enough := errors.New("enough")
	for _, tt := range []struct {
		name string
		stop func(done, total int) bool
	}{
		{"building", func(done, total int) bool { return done > total/2 }},
		{"feeding", func(_, total int) bool { return total == 0 }},
	} {
		i := slices.IndexFunc(bench.Cases(), func(c bench.Case) bool { return c.Key() == "awset/add/n=100000" })
		if err := flag.Set("test.benchtime", "11000x"); err != nil {
			t.Fatal(err)
		}
		last := 0
		_, err := bench.Measure(bench.Cases()[i], func(done, total int) error {
			if total > 0 && (total != 1e5 || done <= last || done > total) {
				t.Errorf("%s: %d of %d are built after %d", tt.name, done, total, last)
			}
			last = done
			if tt.stop(done, total) {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Errorf("%s: %v, want the error of Tick", tt.name, err)
		}
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	cases := bench.Cases()
	got := bench.Schedule(cases)
	small := slices.IndexFunc(got, bench.Case.Large)
	if small <= 0 || len(got) != len(cases) || slices.ContainsFunc(got[small:], func(c bench.Case) bool { return !c.Large() }) {
		t.Fatalf("%d of %d cases scheduled, the first large one as number %d, with small ones after it", len(got), len(cases), small)
	}
	back := slices.Clone(got)
	slices.SortStableFunc(back, func(a, b bench.Case) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.N, b.N)) })
	for i, c := range back {
		if c.Key() != cases[i].Key() {
			t.Errorf("%s is missing, or twice", cases[i].Key())
		}
	}
}

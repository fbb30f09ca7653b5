package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dovetail-crdt/dovetail/bench"
)

// screen is a writer for several goroutines. Each write is also told to seen.
type screen struct {
	mu   sync.Mutex
	b    bytes.Buffer
	seen func(string)
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen != nil {
		s.seen(string(p))
	}
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func runWith(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err screen
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestUsageErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "such", "file")
	for _, tt := range []struct {
		name string
		args []string
		want string // in the one line on stderr
	}{
		{"unknown flag", []string{"-nosuch"}, "-nosuch"},
		{"flag without value", []string{"-run"}, "-run"},
		{"stray argument", []string{"awset"}, `"awset"`},
		{"bad regexp", []string{"-run", "a(b"}, "not a regular expression"},
		{"no match", []string{"-run", "nosuch"}, "-list"},
		{"no match listed", []string{"-list", "-run", "nosuch"}, "-list"},
		{"bad time", []string{"-benchtime", "soon"}, "-benchtime"},
		{"negative time", []string{"-benchtime", "-1s"}, "-benchtime"},
		{"unwritable result", []string{"-json", missing}, "-json"},
		{"result is a directory", []string{"-json", dir}, "-json"},
		{"unwritable plot", []string{"-plot", missing}, "-plot"},
		{"nothing to plot", []string{"-plot", missing, "-run", "^vector/merge"}, "awset/merge-delta1"},
		{"unwritable CPU profile", []string{"-cpuprofile", missing}, "-cpuprofile"},
		{"unwritable memory profile", []string{"-memprofile", missing}, "-memprofile"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := runWith(t, tt.args...)
			if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, tt.want) {
				t.Errorf("run(%q) = %d, stdout %q, stderr %q; want %d and one line with %q", tt.args, code, stdout, stderr, exitUsage, tt.want)
			}
		})
	}
}

func TestNothingRunKeepsTheOldResults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := runWith(t, "-json", file, "-run", "nosuch"); code != exitUsage {
		t.Errorf("code %d", code)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "old" {
		t.Errorf("results are %q, %v", got, err)
	}
}

func TestHelpAndList(t *testing.T) {
	for _, flag := range []string{"-h", "-help", "--help"} {
		code, stdout, stderr := runWith(t, flag)
		if code != exitOK || stderr != "" || !strings.Contains(stdout, "-benchtime") || !strings.Contains(stdout, "ns/op") {
			t.Errorf("run(%s) = %d, stdout %q, stderr %q", flag, code, stdout, stderr)
		}
	}
	var want strings.Builder
	for _, c := range bench.Cases() {
		want.WriteString(c.Key() + "\n")
	}
	if code, stdout, stderr := runWith(t, "-list"); code != exitOK || stderr != "" || stdout != want.String() {
		t.Errorf("-list = %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if _, stdout, _ := runWith(t, "-list", "-run", "^vector/merge/n=(3|8)$"); stdout != "vector/merge/n=3\nvector/merge/n=8\n" {
		t.Errorf("-list -run = %q", stdout)
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	file, cpu, mem := filepath.Join(dir, "out.json"), filepath.Join(dir, "cpu"), filepath.Join(dir, "mem")
	if err := os.WriteFile(file, bytes.Repeat([]byte("old"), 1000), 0o600); err != nil { // longer than what replaces it
		t.Fatal(err)
	}
	svg := filepath.Join(dir, "out.svg")
	if code, _, stderr := runWith(t, "-benchtime", "2x", "-plot", svg, "-run", "merge-delta1/n=1000$"); code != exitOK {
		t.Errorf("-plot: code %d, %q", code, stderr)
	}
	code, stdout, stderr := runWith(t, "-benchtime", "2x", "-json", file, "-cpuprofile", cpu, "-memprofile", mem, "-run", "^vector/merge/n=(3|8)$|^small/roundtrip/n=1$")
	if code != exitOK {
		t.Fatalf("code %d, stderr %q", code, stderr)
	}
	if lines := strings.Split(strings.TrimSpace(stderr), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[2], "[3/3] vector/merge/n=8  ") {
		t.Errorf("progress %q", stderr)
	}
	table := regexp.MustCompile(`(?m)^.*, \d+ cores, .*, benchtime 2x\n\nname +n +ns/op .*\nsmall/roundtrip +1 .* B/element\nvector/merge +3 .*\nvector/merge +8 .*\n$`)
	if !table.MatchString(stdout) {
		t.Errorf("table:\n%s", stdout)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := `\{"name":"%","n":#,"ns_op":[0-9.]+,"allocs_op":\d+,"b_op":[0-9.]+\}`
	var shape strings.Builder
	shape.WriteString("^\\[\n")
	for i, c := range []struct{ name, n string }{{"small/roundtrip", "1"}, {"vector/merge", "3"}, {"vector/merge", "8"}} {
		if i > 0 {
			shape.WriteString(",\n")
		}
		shape.WriteString(strings.NewReplacer("%", c.name, "#", c.n).Replace(line))
	}
	if !regexp.MustCompile(shape.String() + "\n\\]\n$").Match(got) {
		t.Errorf("results:\n%s", got)
	}
	var records []record
	if err := json.Unmarshal(got, &records); err != nil || len(records) != 3 || records[0].NsOp <= 0 {
		t.Errorf("results are %v, %v", records, err)
	}
	for _, f := range []string{cpu, mem, svg} {
		if st, err := os.Stat(f); err != nil || st.Size() == 0 {
			t.Errorf("%s: %v, %v", filepath.Base(f), st, err)
		}
	}
	if _, _, stderr := runWith(t, "-q", "-benchtime", "1x", "-run", "^vector/merge/n=3$"); stderr != "" {
		t.Errorf("-q said %q", stderr)
	}
}

func TestInterrupt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout screen
	stderr := screen{seen: func(s string) {
		if strings.HasPrefix(s, "[1/4]") {
			cancel()
		}
	}}
	code := run(ctx, []string{"-benchtime", "1x", "-run", "^vector/merge", "-json", file}, &stdout, &stderr)
	got, err := os.ReadFile(file)
	if code != exitInterrupted || err != nil || strings.Count(string(got), `"name"`) != 1 ||
		!strings.Contains(stdout.String(), "vector/merge") || !strings.Contains(stderr.String(), "interrupted after 1 of 4") {
		t.Errorf("code %d, results %q, %v, stdout %q, stderr %q", code, got, err, stdout.String(), stderr.String())
	}

	code = run(ctx, []string{"-json", file}, &stdout, &stderr) // interrupted before it began
	if got, err := os.ReadFile(file); code != exitInterrupted || err != nil || string(got) != "[]\n" {
		t.Errorf("code %d, results %q, %v", code, got, err)
	}
}

func TestFailuresAreToldAndTheRestRuns(t *testing.T) {
	broken := errors.New("broken")
	fine := func(b *bench.B) error {
		for b.Loop() {
			_ = b.Elapsed()
		}
		return nil
	}
	cases := []bench.Case{
		{Name: "a/huge", N: 1e9, Run: fine},
		{Name: "b/bad", N: 1, Run: func(*bench.B) error { return broken }},
		{Name: "c/good", N: 1, Run: fine},
		{Name: "d/wide", N: 1e9, Run: func(*bench.B) error { return fmt.Errorf("%w: 1 EB", bench.ErrMemory) }},
	}
	restore, err := setBenchtime("1x")
	if err != nil {
		t.Fatal(err)
	}
	defer restore()
	var stderr screen
	results, skipped, err := measureAll(t.Context(), cases, newProgress(&stderr, false, cases))
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "b/bad/n=1") || len(results) != 2 {
		t.Errorf("measureAll = %v, %v", results, err)
	}
	if len(results) == 2 && results[0].Case.Name != "a/huge" {
		t.Errorf("results begin with %s: want the order of the cases", results[0].Case.Key())
	}
	want := "[1/4] b/bad/n=1  failed\n[2/4] c/good/n=1  #\n[3/4] a/huge/n=1000000000  #\n[4/4] d/wide/n=1000000000  skipped: not enough memory\n"
	if got := regexp.MustCompile(`[0-9.]+ ns/op`).ReplaceAllString(stderr.String(), "#"); got != want {
		t.Errorf("progress %q, want %q", got, want)
	}
	why := "\nskipped:\nd/wide/n=1000000000: not enough memory: 1 EB\n"
	if got := string(table(results, skipped, "1x")); !strings.HasSuffix(got, why) {
		t.Errorf("table does not end with %q:\n%s", why, got)
	}
}

func TestInterruptWhileBuilding(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stderr screen
	cases := []bench.Case{{Name: "a/huge", N: 1e9, Run: func(b *bench.B) error {
		for done := range 100 {
			if done == 60 {
				cancel()
			}
			if err := b.Tick(done, 100); err != nil {
				return err
			}
		}
		return nil
	}}}
	results, skipped, err := measureAll(ctx, cases, newProgress(&stderr, false, cases))
	if len(results) > 0 || skipped != nil || err != nil {
		t.Errorf("measureAll = %v, %v, %v", results, skipped, err)
	}
	want := "[1/1] a/huge/n=1000000000  building: 25 %\n[1/1] a/huge/n=1000000000  building: 50 %\n"
	if got := stderr.String(); got != want {
		t.Errorf("progress %q, want %q", got, want)
	}
}

// TestFigures shows the table of a result with every column filled.
func TestFigures(t *testing.T) {
	r := bench.Result{
		Case: bench.Case{Name: "some/case", N: 10, Target: 50, TargetBytes: 18.2, NoAllocs: true},
		NsOp: 100, AllocsOp: 3, BytesOp: 22.04, MapNsOp: 40, Extra: map[string]float64{"B/thing": 7},
	}
	bare := bench.Result{Case: bench.Case{Name: "a/bare-one", N: 1000}, NsOp: 1.234, BytesOp: 1482}
	got := string(table([]bench.Result{r, bare}, nil, "1x"))
	_, got, _ = strings.Cut(got, "\n\n")
	want := `
name           n  ns/op  target  x target  x base  allocs/op  target  B/op  target  also
some/case     10    100      50       2.0     2.5          3       0  22.0    18.2  7.0 B/thing
a/bare-one  1000   1.23       -         -       -          0       -  1482       -
`
	if got != want[1:] {
		t.Errorf("table:\n%s\nwant:%s", got, want)
	}
}

// made returns results of the plotted benchmarks, 100 ns a decade.
func made(sizes ...int) []bench.Result {
	var out []bench.Result
	for _, c := range bench.Cases() {
		if i := slices.Index(sizes, c.N); i >= 0 && isPlotted(c) {
			out = append(out, bench.Result{Case: c, NsOp: 100 * float64(i+1), MapNsOp: 80 * float64(i+1)})
		}
	}
	return out
}

func TestPlot(t *testing.T) {
	for _, tt := range []struct {
		name                string
		results             []bench.Result
		lines, dots, wanted int
	}{
		{"nothing", nil, 0, 0, 0},
		{"one size", made(1e4), 4, 4, 2},
		{"all", made(1e3, 1e4, 1e5, 1e6, 1e7), 4, 20, 6},
		{"another benchmark", []bench.Result{{Case: bench.Case{Name: "awset/add", N: 1}, NsOp: 1}}, 0, 0, 0},
	} {
		b, err := plot(tt.results)
		if err != nil {
			t.Fatal(err)
		}
		var tags struct {
			Lines []struct {
				Dots []struct {
					X float64 `xml:"cx,attr"`
					Y float64 `xml:"cy,attr"`
				} `xml:"circle"`
			} `xml:"g"`
			Paths []struct{} `xml:"path"`
		}
		if err := xml.Unmarshal(b, &tags); err != nil {
			t.Errorf("%s: %v:\n%s", tt.name, err, b)
		}
		dots := 0
		for _, l := range tags.Lines {
			dots += len(l.Dots)
			for _, d := range l.Dots {
				if d.X < left || d.X > right || d.Y < top || d.Y > bottom {
					t.Errorf("%s: a dot at %g, %g is outside", tt.name, d.X, d.Y)
				}
			}
		}
		// One mark stands in the legend.
		if len(tags.Lines) != tt.lines || dots != tt.dots || len(tags.Paths)-1 != tt.wanted {
			t.Errorf("%s: %d lines, %d dots, %d marks; want %d, %d, %d",
				tt.name, len(tags.Lines), dots, len(tags.Paths)-1, tt.lines, tt.dots, tt.wanted)
		}
		again, err := plot(tt.results)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("%s: the same results make another picture, %v", tt.name, err)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestStandardOutputFails(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"-list"}, {"-benchtime", "1x", "-run", "^vector/merge/n=3$"}} {
		var stderr screen
		if code := run(t.Context(), args, full{}, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "disk full") {
			t.Errorf("run(%q) = %d, stderr %q", args, code, stderr.String())
		}
	}
}

package main

import (
	"bytes"
	"cmp"
	_ "embed" // for the picture's template
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/bench"
)

//go:embed plot.svg.tmpl
var plotSVG string

var picture = template.Must(template.New("plot").Parse(plotSVG))

// plotted names, for people, what the plot shows.
const plotted = "awset/merge-delta1 and awset/merge-delta1-str"

// lineNames are the lines of the plot: benchmarks, and what they are called in it.
func lineNames() map[string]string {
	return map[string]string{"awset/merge-delta1": "8-byte keys", "awset/merge-delta1-str": "16-byte strings"}
}

func isPlotted(c bench.Case) bool { return lineNames()[c.Name] != "" }

// The box that the lines are in, in the units of the picture.
const (
	left, right = 70.0, 590.0
	top, bottom = 64.0, 400.0
	labelGap    = 17.0 // between the names at the ends of lines
)

type line struct {
	Name, Class string
	Path        string
	Dots        []dot // measured
	Y, NameY    float64
}

type dot struct {
	X, Y       float64
	Class, Tip string
}

type tick struct {
	At   float64
	Name string
}

type chart struct {
	Left, Right, Top, Bottom float64
	Xs, Ys                   []tick
	Lines                    []*line
	Marks                    []dot // figures of the design, in the colours of their lines
	Machine                  string
}

// point is a size and a time.
type point struct{ n, ns float64 }

// plot draws what a merge of one add and one remove costs, by the size of the set.
// Without such a result the picture has axes and no line.
func plot(results []bench.Result) ([]byte, error) {
	ours, maps, want := map[string][]point{}, map[string][]point{}, map[string][]point{}
	lo, hi := point{1e4, 100}, point{1e4, 100}
	take := func(to map[string][]point, c bench.Case, ns float64) {
		if p := (point{float64(c.N), ns}); ns > 0 {
			to[c.Name] = append(to[c.Name], p)
			lo, hi = point{min(lo.n, p.n), min(lo.ns, ns)}, point{max(hi.n, p.n), max(hi.ns, ns)}
		}
	}
	for _, r := range results {
		if isPlotted(r.Case) {
			take(ours, r.Case, r.NsOp)
			take(maps, r.Case, r.MapNsOp)
			take(want, r.Case, r.Case.Target)
		}
	}
	c := chart{Left: left, Right: right, Top: top, Bottom: bottom, Machine: machine()}
	c.Xs = decades(lo.n, hi.n, left, right, size10)
	c.Ys = decades(lo.ns, hi.ns, bottom, top, time10)
	x := scale(lo.n, hi.n, left, right)
	y := scale(lo.ns, hi.ns, bottom, top)
	for bencher, name := range lineNames() {
		class := name[:1] // a colour a line: k8 or k1
		c.Lines = append(c.Lines, draw("k"+class, name, ours[bencher], x, y), draw("k"+class+" map", "Go map, "+name, maps[bencher], x, y))
		for _, p := range want[bencher] {
			c.Marks = append(c.Marks, dot{x(p.n), y(p.ns), "k" + class, fmt.Sprintf("wanted, %s, n=%.0f: %s ns", name, p.n, decimal(p.ns))})
		}
	}
	c.Lines = slices.DeleteFunc(c.Lines, func(l *line) bool { return l.Dots == nil })
	spread(c.Lines)
	slices.SortFunc(c.Marks, func(a, b dot) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	var b bytes.Buffer
	err := picture.Execute(&b, c)
	return b.Bytes(), err
}

func draw(class, name string, points []point, x, y func(float64) float64) *line {
	l := &line{Name: name, Class: class}
	var path strings.Builder
	for i, p := range points {
		d := dot{x(p.n), y(p.ns), class, fmt.Sprintf("%s, n=%.0f: %s ns", name, p.n, decimal(p.ns))}
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], d.X, d.Y)
		l.Dots, l.Y = append(l.Dots, d), d.Y
	}
	l.Path = path.String()
	return l
}

// spread moves the names of lines apart that end close together.
func spread(lines []*line) {
	slices.SortFunc(lines, func(a, b *line) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.Name, b.Name)) })
	for i, l := range lines {
		l.NameY = l.Y
		if i > 0 {
			l.NameY = max(l.Y, lines[i-1].NameY+labelGap)
		}
	}
	low := bottom
	for _, l := range slices.Backward(lines) { // back into the picture
		l.NameY = min(l.NameY, low)
		low = l.NameY - labelGap
	}
}

// scale returns the map from values to places, by their logarithms: whole decades
// from below lo to above hi go from one place to the other.
func scale(lo, hi, from, to float64) func(float64) float64 {
	a, b := span(lo, hi)
	return func(v float64) float64 { return from + (to-from)*(math.Log10(v)-a)/(b-a) }
}

// span returns the decades that hold both, at least one.
func span(lo, hi float64) (a, b float64) {
	a, b = math.Floor(math.Log10(lo)), math.Ceil(math.Log10(hi))
	return a, max(b, a+1)
}

// decades returns a tick a decade, and if there are few, two between them.
func decades(lo, hi, from, to float64, name func(float64) string) []tick {
	at := scale(lo, hi, from, to)
	a, b := span(lo, hi)
	steps := []float64{1}
	if b-a <= 2 {
		steps = []float64{1, 2, 5}
	}
	var out []tick
	for d := a; d <= b; d++ {
		for _, step := range steps {
			if v := step * math.Pow(10, d); d < b || step == 1 {
				out = append(out, tick{at(v), name(v)})
			}
		}
	}
	return out
}

func size10(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.0f M", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f k", n/1e3)
	}
	return fmt.Sprintf("%.0f", n)
}

func time10(ns float64) string {
	switch {
	case ns >= 1e6:
		return fmt.Sprintf("%.0f ms", ns/1e6)
	case ns >= 1e3:
		return fmt.Sprintf("%.0f µs", ns/1e3)
	}
	return fmt.Sprintf("%g ns", ns)
}

package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/dovetail-crdt/dovetail/bench"
)

// table returns the results for people: which machine, then a line a benchmark,
// then what was skipped and why. A figure of the design stands behind what it is
// about.
func table(results []bench.Result, skipped error, benchtime string) []byte {
	var b bytes.Buffer
	if len(results) > 0 {
		fmt.Fprintf(&b, "%s, %s, benchtime %s\n\n", machine(), runtime.Version(), benchtime)
		align(&b, rows(results))
	}
	if skipped != nil {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "skipped:\n%v\n", skipped)
	}
	return b.Bytes()
}

func rows(results []bench.Result) [][]string {
	out := [][]string{{"name", "n", "ns/op", "target", "x target", "x base", "allocs/op", "target", "B/op", "target", "also"}}
	for _, r := range results {
		c := r.Case
		allocs := "-"
		if c.NoAllocs {
			allocs = "0"
		}
		out = append(out, []string{
			c.Name, strconv.Itoa(c.N),
			decimal(r.NsOp), target(c.Target), ratio(r.NsOp, c.Target), ratio(r.NsOp, r.MapNsOp),
			fmt.Sprint(r.AllocsOp), allocs, size(c, r.BytesOp), target(c.TargetBytes), extra(r.Extra),
		})
	}
	return out
}

// align writes rows as columns: names and remarks to the left, numbers to the
// right.
func align(b *bytes.Buffer, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		fmt.Fprintf(&line, "%-*s", width[0], row[0])
		for i, cell := range row[1 : len(row)-1] {
			fmt.Fprintf(&line, "  %*s", width[i+1], cell)
		}
		line.WriteString("  " + row[len(row)-1])
		fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
	}
}

// decimal prints a time with three digits or more: nobody needs the others.
func decimal(ns float64) string {
	switch {
	case ns < 10:
		return strconv.FormatFloat(ns, 'f', 2, 64)
	case ns < 100:
		return strconv.FormatFloat(ns, 'f', 1, 64)
	}
	return strconv.FormatFloat(ns, 'f', 0, 64)
}

// size prints bytes, with a decimal where they are of an element.
func size(c bench.Case, bytes float64) string {
	if c.TargetBytes > 0 || bytes != math.Trunc(bytes) {
		return strconv.FormatFloat(bytes, 'f', 1, 64)
	}
	return strconv.FormatFloat(bytes, 'f', 0, 64)
}

func target(v float64) string {
	switch {
	case v == 0:
		return "-"
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return decimal(v)
}

func ratio(ns, of float64) string {
	if of == 0 {
		return "-"
	}
	return strconv.FormatFloat(ns/of, 'f', 1, 64)
}

func extra(by map[string]float64) string {
	var out []string
	for _, unit := range slices.Sorted(maps.Keys(by)) {
		out = append(out, fmt.Sprintf("%.1f %s", by[unit], unit))
	}
	return strings.Join(out, ", ")
}

// machine names the processor as far as the system tells.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s/%s", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

func processor() string {
	const unknown = "unknown CPU"
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return unknown // not Linux
	}
	for line := range strings.Lines(string(b)) {
		if key, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return unknown
}

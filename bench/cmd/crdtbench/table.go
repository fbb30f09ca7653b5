package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/dovetail-crdt/dovetail/bench"
)

// table returns the results for people: which machine, then a line a benchmark.
func table(results []bench.Result, benchtime string) []byte {
	if len(results) == 0 {
		return nil
	}
	rows := [][]string{{"name", "n", "ns/op", "allocs/op", "B/op", "x map", "target", "x target", "also"}}
	for _, r := range results {
		rows = append(rows, []string{
			r.Case.Name, strconv.Itoa(r.Case.N), decimal(r.NsOp), fmt.Sprint(r.AllocsOp), fmt.Sprint(r.BytesOp),
			ratio(r.NsOp, r.MapNsOp), target(r.Case.Target), ratio(r.NsOp, r.Case.Target), extra(r.Extra),
		})
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s, benchtime %s\n\n", machine(), runtime.Version(), benchtime)
	for _, row := range rows {
		var line strings.Builder
		fmt.Fprintf(&line, "%-*s", width[0], row[0])
		for i, cell := range row[1 : len(row)-1] {
			fmt.Fprintf(&line, "  %*s", width[i+1], cell)
		}
		line.WriteString("  " + row[len(row)-1])
		fmt.Fprintln(&b, strings.TrimRight(line.String(), " "))
	}
	return b.Bytes()
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

func target(ns float64) string {
	if ns == 0 {
		return "-"
	}
	return strconv.FormatFloat(ns, 'f', 0, 64)
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

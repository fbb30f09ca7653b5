package view

import (
	"fmt"
	"strconv"
	"strings"
)

// clock writes a moment of the run, such as "4.25 s".
func clock(ns int64) string {
	return strconv.FormatFloat(float64(ns)/1e9, 'f', 3, 64) + " s"
}

// span writes a length of time with about three digits, such as "182 ms".
func span(ns int64) string {
	switch {
	case ns >= 60e9:
		return fmt.Sprintf("%d min %02d s", ns/60e9, ns%60e9/1e9)
	case ns >= 10e9:
		return fmt.Sprintf("%.1f s", float64(ns)/1e9)
	case ns >= 1e9:
		return fmt.Sprintf("%.2f s", float64(ns)/1e9)
	case ns >= 10e6:
		return fmt.Sprintf("%.0f ms", float64(ns)/1e6)
	case ns >= 1e6:
		return fmt.Sprintf("%.1f ms", float64(ns)/1e6)
	default:
		return fmt.Sprintf("%d µs", ns/1e3)
	}
}

// count writes n with commas between the thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// some writes n things: "1 write", "2 writes".
func some(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// and lists names: "a", "a and b", "a, b and c".
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// names returns the names of replicas.
func names(r *Run, replicas []int) []string {
	list := make([]string, len(replicas))
	for i, p := range replicas {
		list[i] = r.Replicas[p].Name
	}
	return list
}

// sides writes a partition's groups: "tokyo | dallas frankfurt".
func sides(r *Run, c Cut) string {
	list := make([]string, len(c.Groups))
	for i, g := range c.Groups {
		list[i] = strings.Join(names(r, g), " ")
	}
	return strings.Join(list, " | ")
}

// size writes a number of bytes, such as "12.3 KiB".
func size(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	default:
		return count(n) + " B"
	}
}

package spec

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Naive computes Reads a second time, from the visibility relation alone: an
// operation is effective if no visible operation about its path had seen it. It is the textbook definition, quadratic, and right only in causally
// closed views; tests hold View to it there. Prune is not in it.
func (v *View) Naive() map[string]string {
	sums, values, denied := map[string]int64{}, map[string][]string{}, map[string]bool{}
	seen := v.seen.Members()
	for _, i := range seen {
		a := v.h.ops[i]
		if v.overwritten(a, seen) {
			continue
		}
		switch a.Verb {
		case Inc:
			sums[a.Path] += a.N
		case Put:
			values[a.Path] = append(values[a.Path], a.Value)
		case Deny:
			denied[a.Path] = true
		case Kill, Prune: // nothing of their own
		}
	}
	out := map[string]string{}
	for p, n := range sums {
		out[p] = "#" + strconv.FormatInt(n, 10)
	}
	for p, all := range values {
		slices.Sort(all)
		if out[p] = strings.Join(all, "|"); all[len(all)-1] == "" {
			out[p] = "+"
		}
	}
	maps.DeleteFunc(out, func(p, _ string) bool { return denied[p] })
	return out
}

// overwritten reports whether a visible operation that saw a was about its path.
func (v *View) overwritten(a *Op, seen []int) bool {
	for _, i := range seen {
		e := v.h.ops[i]
		put := e.Verb == Put || e.Verb == Deny // and not Prune, which overwrites nothing
		if e.saw.Has(a.id) && (e.Verb == Kill && under(a.Path, e.Path) || put && e.Path == a.Path) {
			return true
		}
	}
	return false
}

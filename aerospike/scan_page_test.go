package aerospike

import (
	"fmt"
	"slices"
	"testing"
)

// TestKeyPage puts keys into a page, in any order and some twice: it has the smallest
// that fit, and says whether there were more.
func TestKeyPage(t *testing.T) {
	const n, size = 1000, 4 + stringOverhead
	for _, room := range []int{1, 10, 999, 1000, 2000} {
		p := keyPage{most: room * size}
		for i := range 2 * n {
			p.add(fmt.Sprintf("%04d", i*7919%n))
		}
		p.trim()
		want := min(room, n)
		if len(p.keys) != want || !slices.IsSorted(p.keys) || p.keys[want-1] != fmt.Sprintf("%04d", want-1) || p.cut != (room < n) {
			t.Errorf("room for %d: %d keys, cut %v, the last %q", room, len(p.keys), p.cut, p.keys[len(p.keys)-1])
		}
	}
}

package asdtest_test

import (
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// sizes are bins of every kind, and of lengths around what changes the encoding.
func sizes() map[string]any {
	m := map[string]any{
		"zero": 0, "byte": 200, "short": 300, "int": 70000, "long": int64(1 << 40), "minus": -1,
		"float": 1.5, "true": true, "empty": "", "list": []any{1, "a", 2.5}, "map": map[any]any{1: "x", "k": []byte{9}},
	}
	for _, n := range []int{1, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29} {
		m["s"+strings.Repeat("x", n%7)+string(rune('a'+n))] = strings.Repeat("v", n)
	}
	return m
}

// TestRecordSize: a filter sees the same size of a record as on a real server.
func TestRecordSize(t *testing.T) {
	t.Parallel()
	size := as.ExpReadOp("size", as.ExpRecordSize(), as.ExpReadFlagDefault)
	want := make(map[string]int)
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			for name, val := range sizes() {
				k := fresh(t)
				ok(t, s.client.PutBins(wp(), k, as.NewBin(name, val)))
				r, err := s.client.Operate(wp(), k, size)
				ok(t, err)
				got := r.Bins["size"].(int)
				if w, asked := want[name]; asked && got != w {
					t.Errorf("size of %s = %d, asdtest says %d", name, got, w)
				}
				want[name] = got
			}
		})
	}
}

package crdt_test

import (
	"fmt"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// filled returns a set of n elements of 16 bytes.
func filled(b *testing.B, n int) (crdt.Kind[*crdt.AWSet[string]], *crdt.AWSet[string]) {
	b.Helper()
	k := crdt.AWSetKind(crdt.String)
	s := k.New()
	do(b, s, writer(replicaA), func(tx *crdt.Tx, s *crdt.AWSet[string]) {
		for i := range n {
			s.Add(tx, fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15))
		}
	})
	return k, s
}

func BenchmarkFrame(b *testing.B) {
	for _, n := range []int{1, 10, 100, 100_000} {
		k, s := filled(b, n)
		f := frame(b, k, s)
		perElement := func(b *testing.B) {
			b.Helper()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/element")
			b.ReportMetric(float64(len(f))/float64(n), "B/element")
		}
		b.Run(fmt.Sprintf("encode/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				out, _ = crdt.AppendFrame(out[:0], k, s)
			}
			perElement(b)
		})
		b.Run(fmt.Sprintf("decode/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = crdt.DecodeFrame(k, f)
			}
			perElement(b)
		})
	}
}

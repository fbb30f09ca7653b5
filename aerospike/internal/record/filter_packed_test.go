package record

import (
	"bytes"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// TestPackedAppendFilter compares filters that are put together with what the client
// makes of the same guard, for numbers of each length that MessagePack knows.
func TestPackedAppendFilter(t *testing.T) {
	numbers := []int{0, 1, 2, 127, 128, 255, 256, 65535, 65536, 1 << 20, 1<<31 - 1}
	for _, size := range numbers {
		for _, queued := range numbers {
			for _, stamp := range []layout.Stamp{{}, {1}, {7: 1}, {255, 254, 253, 252, 251, 250, 249, 248}} {
				for _, exact := range []bool{false, true} {
					g := &layout.Guard{MaxSize: size, Exact: exact, Stamp: stamp, Queued: queued}
					got, want := packedFilter(packedAppendFilter(g)), packedFilter(appendFilter(g))
					if len(want) == 0 || !bytes.Equal(got, want) {
						t.Fatalf("%+v: %x, want %x", g, got, want)
					}
				}
			}
		}
	}
}

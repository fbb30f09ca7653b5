package asdtest_test

import (
	"sync"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// TestHistory keeps as many earlier versions as it was told to, each of them one
// that some of the clients that wrote at once had written.
func TestHistory(t *testing.T) {
	t.Parallel()
	const writers, writes = 4, 6
	for _, tt := range []struct{ versions, kept int }{
		{-1, 0}, {0, asdtest.DefaultHistory}, {1, 1}, {3, 3}, {100, writers*writes - 1},
	} {
		s := fake(t, asdtest.WithHistory(tt.versions))
		k := fresh(t)
		d := asdtest.Digest(k.Digest())
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range writes {
					if err := s.client.PutBins(wp(), k, as.NewBin("v", w*writes+i)); err != nil {
						t.Errorf("history of %d: %v", tt.versions, err)
					}
				}
			})
		}
		wg.Wait()
		if s.c.Rollback("test", d, tt.kept+1) {
			t.Errorf("history of %d: there is an earlier version than the %d last", tt.versions, tt.kept)
		}
		seen := map[string]bool{bins(t, s.client, k): true}
		for range tt.kept { // it brings back the oldest that is kept, which then counts as the newest
			if !s.c.Rollback("test", d, tt.kept) {
				t.Errorf("history of %d: %d of %d versions", tt.versions, len(seen)-1, tt.kept)
				break
			}
			seen[bins(t, s.client, k)] = true
		}
		if len(seen) != tt.kept+1 {
			t.Errorf("history of %d: versions %v, want the last and %d", tt.versions, seen, tt.kept)
		}
	}
}

package memory_test

import (
	"context"
	"fmt"
	"log"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// An engine in memory keeps what a test writes. Frames that it cannot join are
// kept as they are.
func ExampleNew() {
	ctx := context.Background()
	e := memory.New()
	defer e.Close() //nolint:errcheck // the program is ending
	if err := e.Merge(ctx, store.Delta{Key: "k", Frame: []byte("of a newer version")}); err != nil {
		log.Fatal(err)
	}
	rec, err := e.Load(ctx, "k")
	fmt.Printf("%s %q %v\n", rec.Key, rec.Frames, err)
	// Output: k ["of a newer version"] <nil>
}

package aerospike_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// shop puts things into a cart, wherever that lies.
func shop(ctx context.Context, b store.Backend) error {
	carts := store.NewObjects(b, "cart/", crdt.AWSetKind(crdt.String))
	token, err := carts.Update(ctx, "ann", adding("milk"))
	if err != nil {
		return err
	}
	if _, err = carts.Update(ctx, "ann", adding("eggs"), store.Seen(token)); err != nil {
		return err
	}
	cart, _, err := carts.View(ctx, "ann", store.AtLeast(token))
	fmt.Println(slices.Sorted(cart.All()), err)
	return err
}

// One function runs over a cluster and over an embedded store: only the lines that open
// them differ.
func Example_backend() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	engine := engineOf(client)
	defer engine.Close() //nolint:errcheck // the program is ending

	db, err := store.Open(context.Background(), store.Config{Engine: memory.New(), Self: "a"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the program is ending

	for _, b := range []store.Backend{engine, db} {
		if err := shop(context.Background(), b); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// [eggs milk] <nil>
	// [eggs milk] <nil>
}

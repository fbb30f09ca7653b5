package mirror_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// A mirror joins two clusters that know nothing of each other.
func Example() {
	ctx := context.Background()
	var carts []store.Objects[*crdt.AWSet[string]]
	adding := func(item string) func(*crdt.Tx, *crdt.AWSet[string]) error {
		return func(tx *crdt.Tx, cart *crdt.AWSet[string]) error { cart.Add(tx, item); return nil }
	}
	cfg := mirror.Config{Sets: []string{"carts"}}
	for _, name := range []string{"east", "west"} {
		s, err := asdtest.New(asdtest.Config{}) // a cluster in this process, in place of yours
		if err != nil {
			log.Fatal(err)
		}
		defer s.Close() //nolint:errcheck // the program is ending
		client, aerr := as.NewClient(s.Host(), s.Port())
		if aerr != nil {
			log.Fatal(aerr)
		}
		engine, err := aerospike.Open(ctx, client, aerospike.Config{Namespace: "test", Set: "carts"})
		if err != nil {
			log.Fatal(err)
		}
		carts = append(carts, store.NewObjects(engine, "cart/", crdt.AWSetKind(crdt.String)))
		cfg.Clusters = append(cfg.Clusters, mirror.Cluster{Name: name, Client: client, Namespace: "test"})
	}
	_, err1 := carts[0].Update(ctx, "ann", adding("milk"))
	_, err2 := carts[1].Update(ctx, "ann", adding("eggs"))

	m, err := mirror.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Sync(ctx), err1, err2) // Run does so until its context ends
	for i := range carts {
		cart, _, err := carts[i].View(ctx, "ann")
		fmt.Println(slices.Sorted(cart.All()), err)
	}
	// Output:
	// <nil> <nil> <nil>
	// [eggs milk] <nil>
	// [eggs milk] <nil>
}

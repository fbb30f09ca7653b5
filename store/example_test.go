package store_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// await returns when done reports true, or false after ten seconds.
func await(done func() bool) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-tick.C {
		if done() {
			return true
		}
	}
	return false
}

func poll(t *testing.T, done func() bool) {
	t.Helper()
	if !await(done) {
		t.Fatal("stores did not come together in ten seconds")
	}
}

// Two stores in one process write to the same cart at once. Nothing is lost, and
// both come to show the same.
func Example() {
	ctx := context.Background()
	hub := store.NewHub()
	open := func(self, peer store.PeerID) *store.DB {
		db, err := store.Open(ctx, store.Config{
			Engine: memory.New(), Self: self, Peers: []store.PeerID{peer}, Transport: hub.Join(self),
		})
		if err != nil {
			log.Fatal(err)
		}
		return db
	}
	east, west := open("east", "west"), open("west", "east")
	defer east.Close() //nolint:errcheck // the program is ending
	defer west.Close() //nolint:errcheck // the program is ending

	kind := crdt.AWSetKind(crdt.String)
	carts := map[*store.DB]store.Objects[*crdt.AWSet[string]]{
		east: store.NewObjects(east, "cart/", kind),
		west: store.NewObjects(west, "cart/", kind),
	}
	for db, item := range map[*store.DB]string{east: "milk", west: "eggs"} {
		_, err := carts[db].Update(ctx, "42", func(tx *crdt.Tx, cart *crdt.AWSet[string]) error {
			cart.Add(tx, item)
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	await(func() bool { return east.Applied().Equal(west.Applied()) })
	for _, db := range []*store.DB{east, west} {
		cart, _, err := carts[db].View(ctx, "42")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(slices.Collect(cart.All()))
	}
	// Output:
	// [eggs milk]
	// [eggs milk]
}

// Objects name the store, the prefix and the kind once.
func ExampleObjects() {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{Engine: memory.New(), Self: "home"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the program is ending
	visits := store.NewObjects(db, "visits/", crdt.CounterKind())
	for _, page := range []string{"about", "index", "about"} {
		_, err := visits.Update(ctx, page, func(tx *crdt.Tx, n *crdt.Counter) error {
			n.Add(tx, 1)
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	for page, err := range visits.Keys(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		n, _, err := visits.View(ctx, page)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page, n)
	}
	// Output:
	// about 2
	// index 1
}

// A hub can cut its stores off from each other, for tests.
func ExampleHub() {
	ctx := context.Background()
	hub := store.NewHub()
	a, b := hub.Join("a"), hub.Join("b")
	hub.Cut(func(_, to store.PeerID) bool { return to == "b" })
	fmt.Println("cut:", a.Send(ctx, "b", []byte("lost")))
	hub.Cut(nil)
	fmt.Println("healed:", a.Send(ctx, "b", []byte("hello")))
	from, message, err := b.Receive(ctx)
	fmt.Printf("%s says %q, %v\n", from, message, err)
	// Output:
	// cut: <nil>
	// healed: <nil>
	// a says "hello", <nil>
}

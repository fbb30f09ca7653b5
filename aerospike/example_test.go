package aerospike_test

import (
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"log"
	"slices"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// server starts a cluster in this process and connects to it, in place of yours.
func server() (*asdtest.Cluster, *as.Client) {
	s, err := asdtest.New(asdtest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	c, aerr := as.NewClient(s.Host(), s.Port())
	if aerr != nil {
		log.Fatal(aerr)
	}
	return s, c
}

func engineOf(c aerospike.Client) *aerospike.Engine {
	key := []byte("a key that all engines have, which tokens are sealed under")
	e, err := aerospike.Open(context.Background(), c, aerospike.Config{Namespace: "test", Set: "carts", TokenKey: key})
	if err != nil {
		log.Fatal(err)
	}
	return e
}

func adding(item string) func(*crdt.Tx, *crdt.AWSet[string]) error {
	return func(tx *crdt.Tx, cart *crdt.AWSet[string]) error { cart.Add(tx, item); return nil }
}

// Two processes write to one object. Neither knows of the other, and neither waits.
func Example() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	ctx := context.Background()
	var carts [2]store.Objects[*crdt.AWSet[string]]
	for i := range carts {
		carts[i] = store.NewObjects(engineOf(client), "cart/", crdt.AWSetKind(crdt.String))
	}
	_, err1 := carts[0].Update(ctx, "ann", adding("milk"))
	_, err2 := carts[1].Update(ctx, "ann", adding("eggs"), store.Blind())
	cart, _, err3 := carts[0].View(ctx, "ann")
	fmt.Println(slices.Sorted(cart.All()), errors.Join(err1, err2, err3))
	// Output: [eggs milk] <nil>
}

// An engine is a store.Engine too: its one verb is merge.
func ExampleEngine() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	e := engineOf(client)
	carts := store.NewObjects(e, "cart/", crdt.AWSetKind(crdt.String))
	if _, err := carts.Update(context.Background(), "ann", adding("milk")); err != nil {
		log.Fatal(err)
	}
	rec, err := e.Load(context.Background(), "cart/ann")
	fmt.Println(rec.Key, len(rec.Frames), err, e.Close())
	// Output: cart/ann 1 <nil> <nil>
}

// A reader at another process waits for what the token's reader had applied.
func Example_atLeast() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	ctx := context.Background()
	here := store.NewObjects(engineOf(client), "cart/", crdt.AWSetKind(crdt.String))
	there := store.NewObjects(engineOf(client), "cart/", crdt.AWSetKind(crdt.String))
	token, err := here.Update(ctx, "ann", adding("milk"))
	if err != nil {
		log.Fatal(err)
	}
	cart, _, err := there.View(ctx, "ann", store.AtLeast(token))
	fmt.Println(slices.Collect(cart.All()), err)
	// Output: [milk] <nil>
}

// A client reads at one process and writes at another, which has not read at all.
// The write replaces what the client saw; what somebody else wrote meanwhile stays
// beside it.
func Example_seen() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	ctx := context.Background()
	var names [3]store.Objects[*crdt.MVRegister[string]]
	for i := range names {
		names[i] = store.NewObjects(engineOf(client), "name/", crdt.MVRegisterKind(crdt.String))
	}
	setting := func(name string) func(*crdt.Tx, *crdt.MVRegister[string]) error {
		return func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, name); return nil }
	}
	_, err1 := names[0].Update(ctx, "ann", setting("Ann"))
	_, token, err2 := names[0].View(ctx, "ann") // goes to the client, and comes back
	_, err3 := names[1].Update(ctx, "ann", setting("Anne"), store.Blind())

	_, err4 := names[2].Update(ctx, "ann", setting("Anna"), store.Blind(), store.Seen(token))
	name, _, err5 := names[0].View(ctx, "ann")
	fmt.Println(slices.Sorted(name.Values()), errors.Join(err1, err2, err3, err4, err5))
	// Output: [Anna Anne] <nil>
}

// The answer to a write is lost. The change is pending, and settled by name.
func Example_inDoubt() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	carts := store.NewObjects(engineOf(client), "cart/", crdt.AWSetKind(crdt.String))
	lost := s.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return o.Write }, Reply: asdtest.LoseReply})

	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := carts.Update(ctx, "ann", adding("milk"))
	lost.Remove()
	doubt, ok := errors.AsType[*store.InDoubtError](err)
	fmt.Println("in doubt:", ok)

	err = doubt.Abandon(context.Background())
	cart, _, viewErr := carts.View(context.Background(), "ann")
	fmt.Println(err, slices.Collect(cart.All()), viewErr)
	// Output:
	// in doubt: true
	// <nil> [] <nil>
}

// A cluster that acknowledges what only one of its nodes has is refused.
func ExampleUnsafeError() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	s.Set("test", "write-commit-level-override", "master")
	_, err := aerospike.Open(context.Background(), client, aerospike.Config{Namespace: "test", Set: "carts"})
	unsafe, ok := errors.AsType[*aerospike.UnsafeError](err)
	fmt.Println(ok, unsafe.Findings[0].Level, unsafe.Findings[0].Setting)
	// Output: true fatal write-commit-level-override
}

// The figures of an engine, as a program shows them under /debug/vars with
// expvar.Publish; other systems of metrics take a function too.
func ExampleEngine_Stats() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	e := engineOf(client)
	var shown expvar.Map
	shown.Set("carts", expvar.Func(func() any { return e.Stats() }))

	carts := store.NewObjects(e, "cart/", crdt.AWSetKind(crdt.String))
	for _, item := range []string{"milk", "eggs"} {
		if _, err := carts.Update(context.Background(), "ann", adding(item)); err != nil {
			log.Fatal(err)
		}
	}
	var figures struct{ Carts aerospike.Stats }
	err := json.Unmarshal([]byte(shown.String()), &figures)
	fmt.Println(figures.Carts.Changes, figures.Carts.Appends, figures.Carts.Objects, figures.Carts.Regressions, err)
	// Output: 2 2 1 0 <nil>
}

// A follower is told which objects changed, at least once.
func ExampleChanges() {
	s, client := server()
	defer s.Close() //nolint:errcheck // the program is ending
	e := engineOf(client)
	changes := e.Changes(time.Second)
	carts := store.NewObjects(e, "cart/", crdt.AWSetKind(crdt.String))
	if _, err := carts.Update(context.Background(), "ann", adding("milk")); err != nil {
		log.Fatal(err)
	}
	for key, err := range changes.Next(context.Background()) {
		fmt.Println(key, err)
	}
	// Output: cart/ann <nil>
}

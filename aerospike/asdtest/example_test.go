package asdtest_test

import (
	"fmt"
	"log"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// A write whose reply is lost was done or not: the client cannot know. Here it was.
func ExampleCluster_Inject() {
	c, err := asdtest.New(asdtest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the program is ending
	client, err := as.NewClient(c.Host(), c.Port())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	c.Inject(asdtest.Fault{
		Match: func(o *asdtest.Op) bool { return o.Write },
		Times: 1,
		Reply: asdtest.LoseReply,
	})
	key, err := as.NewKey("test", "set", "key")
	if err != nil {
		log.Fatal(err)
	}
	aerr := client.AddBins(nil, key, as.NewBin("n", 1))
	fmt.Println("in doubt:", aerr.IsInDoubt())
	r, err := client.Get(nil, key)
	fmt.Println("n:", r.Bins["n"], err)
	// Output:
	// in doubt: true
	// n: 1 <nil>
}

// A cluster falls in two, both sides take writes, and one of them wins.
func ExampleCluster_Split() {
	c, err := asdtest.New(asdtest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the program is ending
	split, err := c.Split()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(split.Addr(asdtest.SideA) != split.Addr(asdtest.SideB))
	split.Heal(asdtest.WinnerByLastUpdate)
	// Output: true
}

// A link ships what changed, when the test says so.
func ExampleLink() {
	var cs [2]*asdtest.Cluster
	for i := range cs {
		c, err := asdtest.New(asdtest.Config{})
		if err != nil {
			log.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // the program is ending
		cs[i] = c
	}
	link := asdtest.NewLink(cs[0], cs[1], asdtest.LinkConfig{OnlyChanged: true})
	client, err := as.NewClient(cs[0].Host(), cs[0].Port())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	key, err := as.NewKey("test", "set", "key")
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Put(nil, key, as.BinMap{"a": 1}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(link.Pending(), link.ShipAll(), link.Pending())
	// Output: 1 1 0
}

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

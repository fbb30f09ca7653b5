package audit_test

import (
	"context"
	"fmt"
	"log"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/audit"
)

// Settings that take something away from what is promised, the worst first.
func ExampleCluster() {
	s, err := asdtest.New(asdtest.Config{}) // a cluster in this process, in place of yours
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the program is ending
	client, aerr := as.NewClient(s.Host(), s.Port())
	if aerr != nil {
		log.Fatal(aerr)
	}
	s.Set("test", "conflict-resolution-policy", "generation")
	found, err := audit.Cluster(context.Background(), client, audit.Facts{Namespace: "test", Clusters: 2, Journal: true})
	for _, f := range found {
		if f.Setting == "conflict-resolution-policy" {
			fmt.Println(f.Level, f.Value, err)
		}
	}
	// Output: warn generation <nil>
}

package diskjournal_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/diskjournal"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// A process is started three times, the last time from a backup of its journal. It is
// the same replica until then: what a backup has is not proven to be all that was
// issued.
func Example() {
	s, err := asdtest.New(asdtest.Config{}) // a cluster in this process, in place of yours
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the program is ending
	client, aerr := as.NewClient(s.Host(), s.Port())
	if aerr != nil {
		log.Fatal(aerr)
	}
	defer client.Close()
	tmp, err := os.MkdirTemp("/dev/shm", "example") // the proof itself must be in memory
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // the program is ending
	dir, backup := filepath.Join(tmp, "journal"), filepath.Join(tmp, "backup")

	was := run(client, dir)
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same after a restart:", run(client, dir) == was)
	fmt.Println("the same after a restore:", run(client, backup) == was)
	// Output:
	// the same after a restart: true
	// the same after a restore: false
}

// run is one life of a process. It returns which replica it was.
func run(client aerospike.Client, dir string) string {
	ctx := context.Background()
	j, err := diskjournal.Open(dir, diskjournal.Options{Proof: filepath.Dir(dir)})
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // nothing is written any more
	e, err := aerospike.Open(ctx, client, aerospike.Config{Namespace: "test", Set: "carts", Journal: j})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close() //nolint:errcheck // nothing is written any more
	carts := store.NewObjects(e, "", crdt.CounterKind())
	if _, err := carts.Update(ctx, "visits", func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }); err != nil {
		log.Fatal(err)
	}
	return e.Replica().String()
}

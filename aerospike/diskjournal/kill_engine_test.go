package diskjournal_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/diskjournal"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// A ledger counts what it lists, in one transaction.
var (
	listed  = crdt.NewField("listed", crdt.AWSetKind(crdt.Uint64))
	counted = crdt.NewField("counted", crdt.CounterKind())
	ledgers = crdt.DocKind(listed, counted)
)

// engine opens the engine of a process at a server.
func engine(addr string, j aerospike.Journal) (*aerospike.Engine, error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return nil, err
	}
	c, aerr := as.NewClient(host, port)
	if aerr != nil {
		return nil, aerr
	}
	return aerospike.Open(context.Background(), c, aerospike.Config{Namespace: "test", Set: "ledgers", Journal: j, QueueLength: 16})
}

// updateOn enters numbers of its own into a ledger, and tells which replica does so and
// each that was acknowledged.
func updateOn(dir, proof string) error {
	j, err := diskjournal.Open(dir, diskjournal.Options{Proof: proof})
	if err != nil {
		return err
	}
	e, err := engine(os.Getenv(writerServer), j)
	if err != nil {
		return err
	}
	fmt.Println("replica", e.Replica())
	o := store.NewObjects(e, "", ledgers)
	ctx := context.Background()
	for n := uint64(os.Getpid()) << 32; ; n++ {
		_, err := o.Update(ctx, "k", func(tx *crdt.Tx, d *crdt.Doc) error {
			listed.In(d).Add(tx, n)
			counted.In(d).Add(tx, 1)
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Println("entered", n)
	}
}

// TestKillEngine kills a process that updates an object, again and again. It is the
// same replica all along, and each number that was acknowledged is there, and counted
// once; the last one of a life may be there too.
func TestKillEngine(t *testing.T) {
	s := asdtest.Start(t)
	dir, proof := filepath.Join(t.TempDir(), "journal"), memoryDir(t)
	replica := ""
	var acked []uint64
	const lives = 5
	for life := range lives {
		from := len(acked)
		live(t, dir, proof, s.Addr(), func(what, arg string) (kill bool) {
			if what == "replica" {
				if replica != "" && arg != replica {
					t.Errorf("life %d: replica %s, not %s", life, arg, replica)
				}
				replica = arg
				return false
			}
			n, err := strconv.ParseUint(arg, 10, 64)
			if err != nil {
				t.Fatalf("life %d entered %q: %v", life, arg, err)
			}
			acked = append(acked, n)
			return len(acked) >= from+100
		})
	}
	j := open(t, dir, diskjournal.Options{Proof: proof})
	e, err := engine(s.Addr(), j)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := e.Remerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, _, err := store.NewObjects(e, "", ledgers).View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range acked {
		if !listed.In(d).Contains(n) {
			t.Errorf("%x was acknowledged, and is lost", n)
		}
	}
	if list, count := listed.In(d).Len(), counted.In(d).Value(); int64(list) != count || list > len(acked)+lives {
		t.Errorf("%d listed, %d counted, %d acknowledged", list, count, len(acked))
	}
	runs := 0
	for range crdt.ContextOf(d).Intervals() {
		runs++
	}
	if runs > lives { // a change that never came to be, at the end of a life, leaves a hole
		t.Errorf("%d runs in the context", runs)
	}
}

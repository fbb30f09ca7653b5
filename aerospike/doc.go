// Package aerospike keeps replicated objects in Aerospike clusters: every process
// of every datacenter writes, concurrently, and nothing acknowledged is lost.
//
// It takes the client that you have:
//
//	client, cerr := as.NewClient("10.0.0.1", 3000)
//	...
//	engine, err := aerospike.Open(ctx, client, aerospike.Config{Namespace: "prod", Set: "carts"})
//	...
//	carts := store.NewObjects(engine, "cart/", crdt.AWSetKind(crdt.String))
//	token, err := carts.Update(ctx, "ann", func(tx *crdt.Tx, cart *crdt.AWSet[string]) error {
//		cart.Add(tx, "milk")
//		return nil
//	})
//
// # What is in a record
//
// An object is a record: a snapshot of its state, and beside it a queue of changes
// that wait to be folded in. A change is appended to the queue, whatever is there,
// so no write conflicts with another; now and then a writer folds the queue. A
// reader joins the snapshot and the queue. The server needs to know nothing of the
// types, no module is loaded into it, and nothing but the default settings is asked
// of it (see package audit for those that lose data).
//
// Removing is a change like another. A record is never deleted, and never expires:
// its context is what keeps removed elements away.
//
// # What a process is
//
// A process is a replica. It numbers its changes itself, from memory or from its
// journal, and never from what a record says, since records go back: a read may be
// stale, a split may heal to the other side's version, a restart may load an older
// one. What is acknowledged stays in the process's memory for a time
// (Config.KeepTime) and is merged again when it is found missing: by a reader,
// after a change of the cluster, or by the scrub that goes round over all objects
// that the process knows (Config.Scrub).
//
// Without a journal on disk each start of a process is a new replica, which leaves 16
// bytes or so in the context of each object that it writes to, and what was in doubt is
// forgotten. With one (Config.Journal; package diskjournal) it goes on where the process
// before it ended, however that ended, and adds nothing.
//
// Errors that match store.ErrInDoubt leave a change pending: it may have been
// applied, or may yet be. The process keeps it, with Config.Journal also on disk, and
// merges it until the cluster has it or it is abandoned. If the journal failed between the change and the error, the next process
// cannot tell it from one that was refused, and does not merge it.
package aerospike

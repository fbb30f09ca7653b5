// Package diskjournal keeps the journal of an Aerospike engine on the local disk,
// over Pebble. With it a process that is restarted goes on as the replica that it
// was, so restarts add nothing to the contexts of objects, and what it issued before
// it ended is merged again when the cluster has lost it.
//
//	j, err := diskjournal.Open("/var/lib/shop/journal", diskjournal.Options{})
//	...
//	defer j.Close()
//	e, err := aerospike.Open(ctx, client, aerospike.Config{Namespace: "shop", Set: "carts", Journal: j})
//	...
//	defer e.Close()
//
// # Whose files these are
//
// A replica may number its events on only if it knows all that it has issued. Files
// on a disk cannot tell: a backup that was put back, a cloned disk and a copied
// directory look like the files that were left here, and whoever goes on from them
// uses numbers a second time, which loses data without a trace. So an opening must
// prove that these very files were left by this very host. The proof is a small file
// in memory (Options.Proof, by default /dev/shm), which no backup and no disk has:
// it says how many writes the journal has seen. It is brought up to date after each
// write and before the engine sends anything that depends on it; an opening that
// finds it, from the same boot of the same machine, and not ahead of the files, may
// go on. Any other begins as a new replica, and still merges what the files hold.
//
// So a process keeps its identity over restarts, also after it was killed; after a
// reboot it is a new replica, as it is where the directory was copied, restored, or
// brought to another machine. A container usually has a /dev/shm of its own, which
// ends with it: give it a memory volume that lives as long as the pod, and name that
// in Options.Proof. On systems other than Linux nothing is ever proven.
//
// A snapshot of a running virtual machine has its memory too. Nothing in the process
// can tell that it was resumed twice: do not do that with any writer.
//
// # A disk that fails
//
// A write that fails is an error of the Update, which was not sent. On a disk with less
// room than Options.Reserve nothing is written. A disk that fails beneath Pebble breaks
// the journal (ErrBroken) or, while Pebble turns to another log file, ends the process,
// as it has no other answer. Nothing is lost by that: what was not on the disk was not
// sent.
//
// # What is durable
//
// A write returns when the operating system has it, so it survives the end of the
// process in whatever way, but not of the machine, after which the process is a new
// replica anyway. With Options.Sync it returns when the disk has it. That matters only
// for changes that the cluster then loses together with the machine.
package diskjournal

// Package view writes one simulated replication run as a single HTML file:
// a space-time picture of replicas, writes, messages and partitions, with the
// run's summary and final values beneath it. The file needs no network, no
// other file and no server.
package view

// Run is everything the picture shows. Times are nanoseconds of virtual time
// since the start of the run; the page shows them to the microsecond.
type Run struct {
	Title    string // what was run, the page's heading
	Subtitle string // one line under the heading, may be empty
	Command  string // the command that reproduces the run, may be empty
	Seed     uint64 // the seed the command uses
	Duration int64  // length of the run, the width of the picture

	Replicas   []Replica // lanes, from top to bottom
	Ops        []Op      // local writes, in any order
	Messages   []Message // every message sent, in any order
	Cuts       []Cut     // partitions of the network
	Downs      []Down    // crashes
	Divergence []Sample  // how many different states there were, and since when

	Summary []Row   // name and value pairs for the table under the picture
	Values  []Value // what the replicas hold at the end

	Verdict   string // such as "converged: 3 replicas equal 182 ms after the heal"
	OK        bool   // whether the verdict is a good one
	Truncated string // what was left out of the picture and why; empty if nothing
}

// Replica is one lane of the picture.
type Replica struct {
	Name   string // shown beside the lane
	Region string // shown under the name, may be empty or equal to it
	Writes int    // local writes the replica took
}

// Op is a local write.
type Op struct {
	T       int64  // when it was made
	Replica int    // index into Run.Replicas
	Key     string // such as "cart/ann"
	Label   string // such as "add milk"
	ID      int    // unique within the run; Message.Ops refers to it
}

// Message is one message from a replica to another.
type Message struct {
	From, To int    // indices into Run.Replicas
	Sent     int64  // when it left
	Arrived  int64  // when it arrived or would have; 0 if it never did
	Kind     string // push, ack, hello, heal, frames, end
	Fate     string // one of the Fate constants
	Bytes    int    // size on the wire
	Label    string // more to say about it, may be empty
	Ops      []int  // IDs of the operations it carries
}

// What became of a message.
const (
	FateDelivered = "delivered" // arrived and was taken in
	FateLost      = "lost"      // lost by the network
	FateCut       = "cut"       // dropped by a partition
	FateDuplicate = "duplicate" // a second copy of a message, delivered
	FateDown      = "down"      // the receiver was down
	FateStale     = "stale"     // arrived, but too late to be of use
)

// Cut is a partition: from From to To, replicas of different groups could not
// talk. A replica in none of the groups could talk to all.
type Cut struct {
	From, To int64
	Groups   [][]int // indices into Run.Replicas
}

// Down is the time between a replica's crash and its restart.
type Down struct {
	Replica  int // index into Run.Replicas
	From, To int64
}

// Sample says how many different states the replicas held from T on, until
// the next sample. One means that all were equal.
type Sample struct {
	T        int64
	Distinct int
}

// Row is one line of the summary.
type Row struct{ Name, Value string }

// Value is the final value of one key.
type Value struct {
	Key, Type, Value string
	LWW              string // what last-writer-wins per key would show
	Lost             int    // updates last-writer-wins would have dropped
}

package sim

import (
	"fmt"
	"time"
)

// Result is how a run went.
type Result struct {
	Converged bool
	// Settled is how long the replicas took to be equal, from the last fault or
	// write, whichever came later.
	Settled time.Duration
	// End is the virtual time at the end of the run.
	End time.Duration
	// Digests are one value digest a replica.
	Digests []string
	// Transactions that changed something, and the operations in them.
	Transactions, Operations int
	// Refused is how many transactions found their replica down.
	Refused int
	// Messages that were sent and their bytes; what became of those that did not
	// arrive, by fate.
	Messages, Bytes int
	Dropped         map[string]int
	// LWWLost is how many transactions last-writer-wins, by object and with the
	// same deliveries, would have dropped.
	LWWLost int
	// Objects is what every replica shows, by key and path; see spec.View.Reads.
	Objects map[string]map[string]string
	// LastWriter is what last-writer-wins would show, and Lost how many of each
	// object's transactions it would have dropped.
	LastWriter map[string]map[string]string
	Lost       map[string]int
	// Trace is a hash over everything that happened, in order: two runs with equal
	// hashes were the same run.
	Trace uint64
	// History is what happened, if the scenario asked for it.
	History *History
}

// ViolationError is a run in which a replica, after some event, showed something else
// than the operations that it had applied require, or in which an invariant of
// replication was broken.
type ViolationError struct {
	Seed    uint64
	At      time.Duration
	Replica string
	Key     string
	What    string
}

// Error implements error.
func (v *ViolationError) Error() string {
	return fmt.Sprintf("sim: seed %d, at %v, replica %s, object %q: %s", v.Seed, v.At, v.Replica, v.Key, v.What)
}

// History is a run for showing.
type History struct {
	Ops      []OpEvent
	Messages []MessageEvent
	Arrivals []Arrival
	Distinct []Distinct
	Downs    []Crash
}

// OpEvent is a transaction as it became durable where it was made.
type OpEvent struct {
	At      time.Duration
	Replica int
	Key     string
	Label   string
}

// MessageEvent is a message and what became of it.
type MessageEvent struct {
	From, To      int
	Sent, Arrived time.Duration
	Kind, Fate    string
	Bytes         int
	Ops           []int // indices into Ops
}

// Arrival is a transaction of another replica becoming durable at one.
type Arrival struct {
	At      time.Duration
	Replica int
	Op      int
}

// Distinct says that from At on there were so many different states.
type Distinct struct {
	At time.Duration
	N  int
}

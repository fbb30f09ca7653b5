package asdtest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Kind says what an operation is.
type Kind int

// The kinds of operations.
const (
	Get     Kind = iota + 1 // reads bins
	Exists                  // reads the header only
	Put                     // writes bins
	Operate                 // a list of operations, some of which may write
	Touch
	Delete
	Scan // one partition of a scan or query
)

// Op describes an operation to a Fault. The record of a batch is an operation of
// its own.
type Op struct {
	Kind           Kind
	Namespace, Set string
	Digest         Digest
	Partition      int
	// Key is the user key, if the client sent it: an int64, string or []byte.
	Key any
	// Write says that the operation may change the record.
	Write bool
	// Batch says that it came in a batch.
	Batch bool
	// Bins are the names of the bins that it names, in order.
	Bins []string
}

// Apply says what becomes of a matched operation.
type Apply int

// What becomes of a matched operation.
const (
	// ApplyNow applies it, as always.
	ApplyNow Apply = iota
	// ApplyNever loses it: the server never sees it.
	ApplyNever
	// ApplyLate holds it until Injected.Release applies it. There is no reply.
	ApplyLate
	// ApplyTwice applies it now, and once more at Injected.Release.
	ApplyTwice
)

// Reply says what the client hears.
type Reply int

// What the client hears.
const (
	// SendReply answers, if there is anything to answer.
	SendReply Reply = iota
	// LoseReply closes the connection instead of answering.
	LoseReply
	// SilentReply leaves the connection open and does not answer: the client times
	// out.
	SilentReply
)

// Fault is something that goes wrong with the operations that it matches. Its
// fields combine: ApplyNow with LoseReply loses a reply after the write was done,
// ApplyNever with LoseReply before it.
type Fault struct {
	// Match chooses operations. It is called under a lock, so it must not use the
	// cluster. Nil: every operation.
	Match func(*Op) bool
	// Skip lets that many matching operations pass first.
	Skip int
	// Times is how many operations it happens to. Zero: all, until Remove.
	Times int
	// Delay is waited before the operation is applied, with the key held if it is a
	// write, so that other writes of the key queue up behind it.
	Delay time.Duration
	// Code is answered instead of applying. OK: none.
	Code Code
	// Apply says whether and when the operation is applied.
	Apply Apply
	// Reply says what the client hears. An operation that is not applied has no
	// reply but a Code; SendReply without one is LoseReply.
	Reply Reply
	// Stale answers a read of one record, alone or in a batch, from the version that
	// it had so many versions ago, as a replica does that has not heard of the later
	// ones. A read that asks all replicas (ReadModeAPAll) and a write are never stale.
	Stale int

	_ struct{} // keyed literals only
}

// Injected is a Fault at work.
type Injected struct {
	f       Fault
	owner   *faults
	seen    int
	hits    int
	waiters []chan struct{}
	held    []func()
}

// faults is the list of those at work.
type faults struct {
	active atomic.Bool // there are any; checked without the lock
	mu     sync.Mutex
	list   []*Injected
}

// Inject puts a fault to work. If several match an operation, the one that was
// injected first has it.
func (c *Cluster) Inject(f Fault) *Injected {
	i := &Injected{f: f, owner: &c.faults}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.list = append(c.faults.list, i)
	c.faults.active.Store(true)
	return i
}

// Remove ends the fault. What it holds stays held.
func (i *Injected) Remove() {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	for k, x := range i.owner.list {
		if x == i {
			i.owner.list = append(i.owner.list[:k:k], i.owner.list[k+1:]...)
			break
		}
	}
	i.owner.active.Store(len(i.owner.list) > 0)
}

// Hits returns how many operations the fault happened to.
func (i *Injected) Hits() int {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	return i.hits
}

// Wait returns when the fault happened to n operations, or ctx is done.
func (i *Injected) Wait(ctx context.Context, n int) error {
	for {
		i.owner.mu.Lock()
		if i.hits >= n {
			i.owner.mu.Unlock()
			return nil
		}
		ch := make(chan struct{})
		i.waiters = append(i.waiters, ch)
		i.owner.mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Held returns how many operations wait for Release.
func (i *Injected) Held() int {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	return len(i.held)
}

// Release applies what the fault holds, in the order in which it came, and returns
// how many operations that were. Their outcome is told to nobody.
func (i *Injected) Release() int {
	i.owner.mu.Lock()
	held := i.held
	i.held = nil
	i.owner.mu.Unlock()
	for _, apply := range held {
		apply()
	}
	return len(held)
}

func (i *Injected) hold(apply func()) {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	i.held = append(i.held, apply)
}

// verdict finds the fault that has the operation of a request, and counts it. It
// returns nil if there is none.
func (c *Cluster) verdict(req *request, kind Kind, batch bool) *Injected {
	if !c.faults.active.Load() {
		return nil
	}
	return c.faults.pick(newOp(req, kind, batch))
}

func (f *faults) pick(o *Op) *Injected {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.list {
		if i.f.Times > 0 && i.hits >= i.f.Times || i.f.Match != nil && !i.f.Match(o) {
			continue
		}
		if i.seen++; i.seen <= i.f.Skip {
			continue
		}
		i.hits++
		for _, ch := range i.waiters {
			close(ch)
		}
		i.waiters = nil
		return i
	}
	return nil
}

func newOp(req *request, kind Kind, batch bool) *Op {
	o := &Op{
		Kind: kind, Namespace: req.namespace, Set: req.set, Digest: req.digest,
		Partition: partitionOf(req.digest), Write: req.info2&info2Write != 0, Batch: batch, Key: userKey(req.key),
	}
	for _, x := range req.list {
		o.Bins = append(o.Bins, x.name)
	}
	return o
}

func userKey(key []byte) any {
	if len(key) == 0 {
		return nil
	}
	v, err := newValue(particle(key[0]), key[1:])
	switch {
	case err != nil:
		return nil
	case v.kind == kindInt:
		return v.int()
	case v.kind == kindString:
		return string(v.raw)
	default:
		return v.raw
	}
}

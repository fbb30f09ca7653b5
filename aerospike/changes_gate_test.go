package aerospike_test

import (
	"context"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// fate is what becomes of a write.
type fate int

const (
	passes    fate = iota
	lost           // it never arrives, and is not answered
	noAnswer       // it arrives, and is not answered
	late           // it arrives later, and is not answered
	forbidden      // it is refused for good
	busy           // it is refused for now
)

// gate is the client of one process. It decides what becomes of the next writes, and
// ends the call of one that is not answered. The process can die.
type gate struct {
	aerospike.Client

	mu     sync.Mutex
	next   []fate
	during func()        // runs once, before the next write is decided about
	over   func()        // ends the call whose write fails
	read   chan struct{} // closed by the next read
	late   []func()
	dead   bool
	alive  context.Context //nolint:containedctx // of all calls of the process
	end    context.CancelFunc
}

func newGate(c aerospike.Client) *gate {
	g := &gate{Client: c}
	g.alive, g.end = context.WithCancel(context.Background())
	return g
}

func (g *gate) set(over func(), during func(), next ...fate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next, g.over, g.during = next, over, during
}

func (g *gate) die() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	g.end()
}

func (g *gate) isDead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}

// land lets what is late arrive.
func (g *gate) land() {
	for _, f := range g.takeLate() {
		f()
	}
}

// takeLate and addLate hand what is late to the next process.
func (g *gate) takeLate() (all []func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all, g.late = g.late, nil
	return all
}

func (g *gate) addLate(all []func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.late = append(all, g.late...)
}

func (g *gate) take() (f fate, over func(), dead bool) {
	g.mu.Lock()
	during := g.during
	g.during = nil
	g.mu.Unlock()
	if during != nil {
		during()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.next) > 0 {
		f, g.next = g.next[0], g.next[1:]
	}
	return f, g.over, g.dead
}

func (g *gate) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	f, over, dead := g.take()
	if dead {
		return nil, errNoClient
	}
	if f == passes {
		return g.Client.Operate(p, k, ops...)
	}
	if over != nil {
		defer over()
	}
	switch f {
	case passes, lost:
	case noAnswer:
		_, _ = g.Client.Operate(p, k, ops...)
	case late:
		g.mu.Lock()
		g.late = append(g.late, func() { _, _ = g.Client.Operate(p, k, ops...) })
		g.mu.Unlock()
	case forbidden:
		return nil, &as.AerospikeError{ResultCode: types.FAIL_FORBIDDEN}
	case busy:
		return nil, &as.AerospikeError{ResultCode: types.KEY_BUSY}
	}
	return nil, &as.AerospikeError{ResultCode: types.TIMEOUT, InDoubt: true}
}

// nextRead returns a channel that the next read closes.
func (g *gate) nextRead() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read = make(chan struct{})
	return g.read
}

func (g *gate) Get(p *as.BasePolicy, k *as.Key, bins ...string) (*as.Record, as.Error) {
	g.mu.Lock()
	if g.read != nil {
		close(g.read)
		g.read = nil
	}
	g.mu.Unlock()
	if g.isDead() {
		return nil, errNoClient
	}
	return g.Client.Get(p, k, bins...)
}

func (g *gate) BatchOperate(p *as.BatchPolicy, rs []as.BatchRecordIfc) as.Error {
	if g.isDead() {
		return errNoClient
	}
	return g.Client.BatchOperate(p, rs)
}

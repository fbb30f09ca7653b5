package aerospike_test

import (
	"context"
	"errors"
	"sync"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/store"
)

// closing closes the engine, which waits for nothing, while something is on its way to the
// cluster and an update waits behind it. All of it ends in an answer, and what is asked
// afterwards gets the same.
func (w *world) closing(*rapid.T) {
	outer := rapid.SampledFrom([]string{"update", "retry", "abandon", "resolve", "remerge"}).Draw(w.T, "outer")
	var first, second *fact
	opts := w.opts()
	if outer == "update" {
		first = w.newFact()
		second = w.factOf(first.in)
	} else {
		first = w.doubted()
		second = w.factOf(first.in)
	}
	var wg sync.WaitGroup
	closed, err2 := error(nil), errors.New("never begun")
	once := sync.OnceFunc(func() {
		begun := make(chan struct{})
		signal := sync.OnceFunc(func() { close(begun) })
		wg.Go(func() {
			defer signal() // also if it is refused before its function runs
			if outer == "update" && len(opts) == 0 {
				signal() // it waits for the turn, and its function may never run
			}
			err2 = second.in.update(w.gate.alive, w.engine, second.bit, signal, store.Blind())
		})
		<-begun
		over := &noTime{Context: context.Background(), asked: make(chan struct{})}
		wg.Go(func() { closed = w.engine.CloseContext(over) })
		<-over.asked
	})
	err := w.call(once, func(ctx context.Context) error {
		switch outer {
		case "update":
			return first.in.update(ctx, w.engine, first.bit, nil, opts...)
		case "retry":
			return first.pending.Retry(ctx)
		case "abandon":
			return first.pending.Abandon(ctx)
		case "resolve":
			return aerospike.ResolveOnce(ctx, w.engine)
		}
		_, err := w.engine.Remerge(ctx)
		return err
	}, w.fates()...)
	once() // if nothing was written
	wg.Wait()
	w.Logf("Close: %v", closed)
	switch outer {
	case "update":
		w.learn(first, err)
	case "retry":
		w.retried(first, err)
	case "abandon":
		w.abandoned(first, err, true)
	}
	w.learn(second, err2)
	w.askClosed()
	w.restart()
}

// closed closes the engine while nothing is on its way.
func (w *world) closed(*rapid.T) {
	w.Logf("Close: %v", w.engine.Close())
	w.askClosed()
	w.restart()
}

// askClosed asks a closed engine about all that was in doubt: it tells what was decided.
func (w *world) askClosed() {
	for _, f := range w.facts {
		if f.pending != nil {
			w.retried(f, f.pending.Retry(w.gate.alive))
			w.abandoned(f, f.pending.Abandon(w.gate.alive), false)
		}
	}
}

// noTime is a context that has ended, and tells when somebody asks for that.
type noTime struct {
	context.Context //nolint:containedctx // it is one
	asked           chan struct{}
	once            sync.Once
}

func (c *noTime) Done() <-chan struct{} {
	c.once.Do(func() { close(c.asked) })
	return c.asked
}

func (c *noTime) Err() error { return context.DeadlineExceeded }

// unproven has the journal say what was told, lets the disk fail, and ends the process.
func (w *world) unproven(*rapid.T) {
	w.flush()
	w.journal.fail(errors.New("disk full"), false)
	if !w.gate.isDead() && aerospike.AwaitJournal(w.gate.alive, w.engine) == nil {
		w.Errorf("the journal is written, and is not")
	}
	w.restart()
}

// disk breaks the disk, or mends it. A write that fails may be there all the same.
func (w *world) disk(*rapid.T) {
	if w.journal.isFailing() {
		w.journal.mend()
	} else {
		w.journal.fail(errors.New("disk full"), rapid.Bool().Draw(w.T, "written"))
	}
}

// crash has the process die at one of the next writes to the journal.
func (w *world) crash(*rapid.T) {
	n, torn := rapid.IntRange(1, 4).Draw(w.T, "writes"), rapid.Bool().Draw(w.T, "torn")
	w.journal.crash(n, torn, w.gate.die)
}

// kill has it die now.
func (w *world) kill(*rapid.T) {
	w.gate.die()
	w.journal.crash(1, true, nil)
	w.restart()
}

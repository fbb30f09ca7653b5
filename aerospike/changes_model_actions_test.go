package aerospike_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/store"
)

// call runs f with a context that the first write which is not answered ends. During runs
// before that write, or before one of a fold in the background; it has ended, or will never
// begin, when call returns.
func (w *world) call(during func(), f func(ctx context.Context) error, fates ...fate) error {
	ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
	defer cancel()
	var once sync.Once
	hook := during
	if during != nil {
		hook = func() { once.Do(during) }
	}
	w.gate.set(cancel, hook, fates...)
	defer w.gate.set(nil, nil)
	err := f(ctx)
	once.Do(func() {})
	return err
}

func (w *world) fates() []fate {
	f := rapid.SampledFrom([]fate{passes, passes, lost, noAnswer, late, forbidden, busy}).Draw(w.T, "fate")
	if rapid.Bool().Draw(w.T, "second") {
		return []fate{passes, f}
	}
	return []fate{f}
}

func (w *world) opts() []store.Option {
	if rapid.Bool().Draw(w.T, "blind") {
		return []store.Option{store.Blind()}
	}
	return nil
}

func (w *world) update(*rapid.T) {
	f, opts := w.newFact(), w.opts()
	var inside func()
	if rapid.Bool().Draw(w.T, "look inside") {
		inside = func() { w.inside(f) }
	}
	var during func() // after the journal has the change, and before the cluster has it
	switch rapid.IntRange(0, 5).Draw(w.T, "meanwhile") {
	case 0:
		during = func() { w.journal.fail(errors.New("disk full"), false) }
	case 1:
		during = func() { w.copied = w.journal.next(errors.New("a copy")) }
	case 2:
		merged := make(chan struct{})
		defer func() { <-merged }()
		start := sync.OnceFunc(func() { w.remergeBeside(merged) })
		defer start() // if nothing was written
		during = start
	}
	w.learn(f, w.call(during, func(ctx context.Context) error {
		return f.in.update(ctx, w.engine, f.bit, inside, opts...)
	}, w.fates()...))
}

// inside is what the function of an update may do: view the object, which is as it was
// before the update, at once.
func (w *world) inside(f *fact) {
	has, err := f.in.view(w.gate.alive, w.engine)
	switch {
	case w.gate.isDead():
	case err != nil:
		w.Errorf("view of %s inside of an update: %v", f.in.name, err)
	case has(f.bit):
		w.Errorf("%s is there inside of its own update", f.name)
	}
	w.engine.Stats()
}

// remergeBeside starts a Remerge, which may write when what is on its way has ended, and
// returns when it has begun to look at an object, or is over.
func (w *world) remergeBeside(over chan<- struct{}) {
	read := w.gate.nextRead()
	ended := make(chan struct{})
	go func() {
		defer close(over)
		defer close(ended)
		ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
		defer cancel()
		_, _ = w.engine.Remerge(ctx) // it may fail for whatever the update does
	}()
	select {
	case <-read:
	case <-ended:
	}
}

// scraped runs f while others ask for figures, again and again.
func (w *world) scraped(f func()) {
	var wg sync.WaitGroup
	ended := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
				w.engine.Stats()
				aerospike.InDoubt(w.engine)
				runtime.Gosched()
			}
		}
	})
	f()
	close(ended)
	wg.Wait()
}

// overtaken issues a change while another is on its way, and only then lets that come to
// its end.
func (w *world) overtaken(*rapid.T) {
	first := w.newFact()
	second := w.factOf(first.in)
	var wg sync.WaitGroup
	err2 := errors.New("never begun")
	var once sync.Once
	var err error
	w.scraped(func() {
		err = w.call(func() {
			begun := make(chan struct{})
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
				defer cancel()
				signal := func() { once.Do(func() { close(begun) }) }
				defer signal() // also if it is refused before its function runs
				err2 = second.in.update(ctx, w.engine, second.bit, signal, store.Blind())
			})
			<-begun
		}, func(ctx context.Context) error {
			return first.in.update(ctx, w.engine, first.bit, nil, store.Blind())
		}, w.fates()...)
		wg.Wait()
	})
	w.learn(first, err)
	w.learn(second, err2)
}

// refusedDuring lets a change come to its end while the function of another update runs,
// which sees it.
func (w *world) refusedDuring(*rapid.T) {
	first := w.newFact()
	second := w.factOf(first.in)
	inside, ended := make(chan struct{}), make(chan error, 1)
	issued := make(chan struct{})
	var once, twice sync.Once
	ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
	defer cancel()
	sent := func() { // before the first write of the first is decided about
		twice.Do(func() { close(issued) })
		<-inside
	}
	w.gate.set(nil, sent, w.fates()[0])
	go func() {
		short, stop := context.WithTimeout(ctx, 20*time.Millisecond)
		defer stop()
		err := first.in.update(short, w.engine, first.bit, nil, store.Blind())
		twice.Do(func() { close(issued) }) // it never wrote
		ended <- err
	}()
	<-issued
	var err error
	err2 := second.in.update(ctx, w.engine, second.bit, func() {
		once.Do(func() { close(inside); err = <-ended })
	}, store.Blind())
	once.Do(func() { close(inside); err = <-ended })
	w.gate.set(nil, nil)
	w.learn(first, err)
	w.learn(second, err2)
}

// doubted returns a change that the caller may ask about.
func (w *world) doubted() *fact {
	var all []*fact
	for _, f := range w.facts {
		if f.pending != nil {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		w.Skip("nothing was ever in doubt")
	}
	return rapid.SampledFrom(all).Draw(w.T, "change")
}

func (w *world) retry(*rapid.T) {
	f := w.doubted()
	w.retried(f, w.call(nil, f.pending.Retry, w.fates()...))
}

func (w *world) abandon(*rapid.T) {
	f := w.doubted()
	w.abandoned(f, w.call(nil, f.pending.Abandon, w.fates()...), true)
}

// pairs asks for two to four things about one change in a row, at times with a disk that
// fails meanwhile, and at times the process ends after that.
func (w *world) pairs(*rapid.T) {
	f := w.doubted()
	if rapid.Bool().Draw(w.T, "disk fails") && !w.journal.isFailing() {
		w.journal.fail(errors.New("disk full"), rapid.Bool().Draw(w.T, "written"))
		defer func() { w.journal.mend() }()
	}
	asks := []string{"retry", "abandon", "retry late", "abandon late", "resolve", "remerge"}
	for range rapid.IntRange(2, 4).Draw(w.T, "asks") {
		switch rapid.SampledFrom(asks).Draw(w.T, "ask") {
		case "retry":
			w.retried(f, w.call(nil, f.pending.Retry, w.fates()...))
		case "abandon":
			w.abandoned(f, w.call(nil, f.pending.Abandon, w.fates()...), true)
		case "retry late":
			w.retried(f, f.pending.Retry(w.ended()))
		case "abandon late":
			w.abandoned(f, f.pending.Abandon(w.ended()), false)
		case "resolve":
			w.resolve(w.T)
		case "remerge":
			w.remerge(w.T)
		}
	}
	switch rapid.IntRange(0, 3).Draw(w.T, "end") {
	case 0:
		w.restart()
	case 1:
		w.kill(w.T)
	}
}

// ended returns a context that has ended.
func (w *world) ended() context.Context {
	ctx, cancel := context.WithCancel(w.gate.alive)
	cancel()
	return ctx
}

// during asks one thing while the write of another is on its way.
func (w *world) during(*rapid.T) {
	f := w.doubted()
	outer, inner := rapid.SampledFrom([]string{"retry", "abandon", "resolve", "remerge"}).Draw(w.T, "outer"), rapid.SampledFrom([]string{"retry", "abandon"}).Draw(w.T, "inner")
	var err2 error
	did := false
	nested := func() {
		ctx, cancel := context.WithTimeout(w.gate.alive, 3*time.Millisecond)
		defer cancel()
		did = true
		if inner == "retry" {
			err2 = f.pending.Retry(ctx)
		} else {
			f.asked = true
			err2 = f.pending.Abandon(ctx)
		}
	}
	err := w.call(nested, func(ctx context.Context) error {
		switch outer {
		case "retry":
			return f.pending.Retry(ctx)
		case "abandon":
			f.asked = true
			return f.pending.Abandon(ctx)
		case "resolve":
			return aerospike.ResolveOnce(ctx, w.engine)
		}
		_, err := w.engine.Remerge(ctx)
		return err
	}, w.fates()...)
	if did {
		if inner == "retry" {
			w.retried(f, err2)
		} else {
			w.abandoned(f, err2, true)
		}
	}
	switch outer {
	case "retry":
		w.retried(f, err)
	case "abandon":
		w.abandoned(f, err, true)
	}
}

// both retries and abandons at the same time.
func (w *world) both(*rapid.T) {
	f := w.doubted()
	f.asked = true
	var wg sync.WaitGroup
	var err, err2 error
	ctx, cancel := context.WithTimeout(w.gate.alive, 5*time.Second)
	defer cancel()
	w.gate.set(cancel, nil, w.fates()...)
	w.scraped(func() {
		wg.Go(func() { err = f.pending.Retry(ctx) })
		wg.Go(func() { err2 = f.pending.Abandon(ctx) })
		wg.Wait()
	})
	w.gate.set(nil, nil)
	w.retried(f, err)
	w.abandoned(f, err2, true)
}

func (w *world) resolve(*rapid.T) {
	err := w.call(nil, func(ctx context.Context) error { return aerospike.ResolveOnce(ctx, w.engine) }, w.fates()...)
	w.Logf("resolve: %v", err)
}

func (w *world) remerge(*rapid.T) {
	err := w.call(nil, func(ctx context.Context) error { _, err := w.engine.Remerge(ctx); return err }, w.fates()...)
	w.Logf("Remerge: %v", err)
}

// expired asks for something when the time for it is over already: nothing comes of it,
// and what was decided before is told.
func (w *world) expired(*rapid.T) {
	if rapid.Bool().Draw(w.T, "update") {
		f := w.newFact()
		err := f.in.update(w.ended(), w.engine, f.bit, nil, w.opts()...)
		if w.learn(f, err); !w.gate.isDead() && f.told != toldAbsent {
			w.Errorf("%s, whose time was over before: %v", f.name, err)
		}
		return
	}
	f := w.doubted()
	if rapid.Bool().Draw(w.T, "retry") {
		w.retried(f, f.pending.Retry(w.ended()))
	} else {
		w.abandoned(f, f.pending.Abandon(w.ended()), false)
	}
}

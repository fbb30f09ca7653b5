package layout_test

import (
	"errors"
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// What goes wrong, and when it does not.

// answer lets happen what a call waits for, in one way or another.
func (w *world) answer(c *call) {
	if !w.calm && w.dice.pick(15, "deadline") == 14 {
		w.logf("%v: the time of its %s is over", c.p, c.name)
		c.cancel()
	}
	switch r := c.wait; r.what {
	case reading:
		r.answer = w.read(c, r.newest)
	case writing:
		r.answer = w.write(c, r.write)
	case pausing:
	}
	w.run(c)
}

// read returns the newest version, or one that was.
func (w *world) read(c *call, newest bool) answer {
	if !w.calm && w.tune.fates[busy] > 0 && w.dice.pick(12, "read fails") == 11 {
		return answer{err: inDoubt(layout.Busy)} // a read that is in doubt is nothing to worry about
	}
	copyOf := func(s *side) *version {
		if w.calm || !w.tune.stale || newest {
			return s.now
		}
		return s.old[len(s.old)-1-w.dice.pick(len(s.old), "version")]
	}
	v := copyOf(w.of(c.p.side))
	u := v.record()
	u.Stamp = v.name(w.bug)
	if w.region != nil {
		v = w.beside(c.p.side, v, u, copyOf)
	}
	c.read = v
	w.logf("%v: reads %v and %d entries: %v", c.p, u.Stamp, len(u.Queue), v.has.Members())
	return answer{rec: u}
}

// What becomes of a write. All but the first are faults.
const (
	done       = iota // applied and answered
	busy              // refused, surely
	lost              // not applied, not answered
	unanswered        // applied, not answered
	late              // not answered, and lands at any time, perhaps twice
	repeated          // applied and answered, and lands once more at any time
	twice             // applied, and what is answered is what became of it the second time
	fates
)

// write lets a write reach the record, or not, and be answered, or not.
func (w *world) write(c *call, wr *write) answer {
	w.haunt(c, wr)
	fate := done
	if !w.calm {
		fate = weighted(w.dice, w.tune.fates[:], "fate")
	}
	w.logf("%v: %v: %s", c.p, wr, [...]string{"", "busy", "lost", "unanswered", "late", "repeated", "twice"}[fate])
	switch {
	case fate == busy:
		return answer{err: refusal(w.class())}
	case fate == lost:
		return answer{err: inDoubt(w.class())}
	case fate == unanswered:
		w.reach(c.p.side, wr)
		return answer{err: inDoubt(w.class())}
	case fate == late:
		w.held = append(w.held, &held{wr, c.p.side, 1 + w.dice.pick(2, "times")})
		return answer{err: inDoubt(w.class())}
	case fate == twice && wr.change != nil: // an append that was refused would be said not to be there
		w.reach(c.p.side, wr)
	}
	a := w.reach(c.p.side, wr)
	if fate == repeated && a.err == nil {
		w.held = append(w.held, &held{wr, c.p.side, 1})
	}
	return a
}

// class draws what a failure asks for.
func (w *world) class() layout.Class {
	return []layout.Class{layout.Busy, layout.Overloaded, layout.Permanent, layout.Permanent}[w.dice.pick(4, "class")]
}

// reach does a write to the record on one side.
func (w *world) reach(on int, wr *write) answer {
	s := w.of(on)
	n, a := s.now.do(wr, w.tune.recordSize, w.bug)
	if n != s.now {
		w.logf("  the record takes it")
		w.place(s, n, wr)
	} else {
		w.logf("  the record does not take it: %v", a.err)
		if e, ok := errors.AsType[*layout.Error](a.err); ok && e.Class == layout.TooBig {
			w.tooBig++
		}
	}
	return a
}

// land lets a held write reach the record.
func (w *world) land(i int) {
	h := w.held[i]
	if h.times--; h.times == 0 {
		w.held = slices.Delete(w.held, i, i+1)
	}
	w.logf("late: %v", h.write)
	w.reach(h.side, h.write)
}

// nature lets something happen that nobody asked for.
func (w *world) nature() {
	t := &w.tune
	p := w.procs[w.dice.pick(len(w.procs), "process")]
	switch what := w.dice.pick(10, "nature"); {
	case what < 3 && t.evict && len(p.open) == 0 && !w.isBusy(p):
		w.logf("%v forgets the object", p)
		p.forget()
	case what < 5 && t.split && w.sides[1] == nil:
		w.sides[1] = &side{w.sides[0].now, slices.Clone(w.sides[0].old)}
		for _, p := range w.procs {
			p.side = w.dice.pick(2, "side")
		}
		w.logf("split")
	case what < 7 && t.split && w.sides[1] != nil:
		w.heal()
	case what < 9 && t.rollback:
		s := w.of(p.side)
		w.become(s, s.old[w.dice.pick(len(s.old), "version")])
		w.logf("the record of %v's side rolls back to %v", p, s.now.has.Members())
	case t.crash:
		w.crash(p)
	}
}

func (w *world) isBusy(p *process) bool {
	return slices.ContainsFunc(w.calls, func(c *call) bool { return c.p == p })
}

// heal ends a split: one side wins, and copies of the other may still be found.
func (w *world) heal() {
	win := w.dice.pick(2, "winner")
	won, lost := w.sides[win], w.sides[1-win]
	w.logf("heal: side %d wins", win)
	w.sides[0], w.sides[1] = won, nil
	won.old = append(won.old, lost.now, won.now)
}

// crash lets p die with its journal. What it was writing may still land.
func (w *world) crash(p *process) {
	w.logf("%v dies", p)
	for _, c := range slices.Clone(w.calls) {
		if c.p != p {
			continue
		}
		if r := c.wait; r.what == writing && w.dice.pick(2, "lands later") == 1 {
			w.haunt(c, r.write)
			w.held = append(w.held, &held{r.write, p.side, 1})
		}
		w.end(c)
	}
	n := w.newProcess()
	n.side = p.side
	w.procs[slices.Index(w.procs, p)] = n
}

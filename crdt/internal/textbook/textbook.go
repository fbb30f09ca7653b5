// Package textbook is the slow, obvious twin of the kernel: sets of single dots,
// joined by the formula of the papers, in time proportional to the states. Tests
// compare the kernel with it; nothing else uses it.
package textbook

import (
	"fmt"
	"maps"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Entry is a live value and its path, segments joined by a slash.
type Entry struct {
	Path  string
	Put   string
	Deny  bool
	Total kernel.Total
}

// Run names a counter's run.
type Run struct {
	Path    string
	Replica clock.ReplicaID
	Run     uint64
}

// Object is a causal state as three plain maps.
type Object struct {
	Live  map[clock.Dot]Entry
	Bases map[Run]kernel.Base
	Ctx   map[clock.Dot]bool
}

// From copies a kernel state. Its context must be small: every dot is listed.
func From(s *kernel.State) *Object {
	o := &Object{Live: map[clock.Dot]Entry{}, Bases: map[Run]kernel.Base{}, Ctx: map[clock.Dot]bool{}}
	for f := range s.Entries() {
		e := Entry{Path: strings.Join(f.Path, "/"), Put: string(f.Value.Put), Deny: f.Value.Deny}
		if f.Value.Total != nil {
			e.Total = *f.Value.Total
		}
		o.Live[f.Dot] = e
	}
	for path, b := range s.Bases() {
		o.Bases[Run{strings.Join(path, "/"), b.Replica, b.Run}] = b
	}
	for id, in := range s.Context().Intervals() {
		for seq := in.Lo; seq <= in.Hi; seq++ {
			o.Ctx[clock.Dot{Replica: id, Seq: seq}] = true
		}
	}
	return o
}

// Join returns the join of a and b: what is live on both sides, or live on one
// and unheard of on the other; the larger base of each run; the union of the
// contexts; and no base of a closed run.
func Join(a, b *Object) *Object {
	out := &Object{Live: map[clock.Dot]Entry{}, Bases: maps.Clone(a.Bases), Ctx: maps.Clone(a.Ctx)}
	for d, e := range a.Live {
		if _, both := b.Live[d]; both || !b.Ctx[d] {
			out.Live[d] = e
		}
	}
	for d, e := range b.Live {
		if _, both := a.Live[d]; both || !a.Ctx[d] {
			out.Live[d] = e
		}
	}
	for k, y := range b.Bases {
		x, ok := out.Bases[k]
		if !ok || y.Seq > x.Seq || y.Seq == x.Seq && y.By.Compare(x.By) > 0 {
			out.Bases[k] = y
		}
	}
	maps.Copy(out.Ctx, b.Ctx)
	out.dropClosedRuns()
	return out
}

// dropClosedRuns drops the bases of closed runs.
func (o *Object) dropClosedRuns() {
	closed := func(k Run) bool {
		for d, e := range o.Live {
			if e.Path == k.Path && d.Replica == k.Replica && e.Total.Lo <= k.Run && k.Run < e.Total.Run {
				return true
			}
		}
		for c, b := range o.Bases {
			if c.Path == k.Path && c.Replica == k.Replica && b.Lo <= k.Run && k.Run < b.Run {
				return true
			}
		}
		return false
	}
	drop := map[Run]bool{}
	for k := range o.Bases {
		drop[k] = closed(k)
	}
	maps.DeleteFunc(o.Bases, func(k Run, _ kernel.Base) bool { return drop[k] })
}

// Equal reports whether both objects are the same.
func (o *Object) Equal(p *Object) bool {
	return maps.Equal(o.Live, p.Live) && maps.Equal(o.Bases, p.Bases) && maps.Equal(o.Ctx, p.Ctx)
}

// String lists what o holds, for failure messages.
func (o *Object) String() string {
	return fmt.Sprintf("live %v bases %v context %v", o.Live, o.Bases, o.Ctx)
}

// Parts calls f with each object that is o less one irreducible part: a live
// entry with its dot, a dead dot, or a base.
func (o *Object) Parts(f func(part string, rest *Object)) {
	for d := range o.Ctx {
		rest := o.clone()
		delete(rest.Ctx, d)
		part := fmt.Sprintf("dead dot %v", d)
		if _, ok := rest.Live[d]; ok {
			delete(rest.Live, d)
			part = fmt.Sprintf("live dot %v", d)
		}
		f(part, rest)
	}
	for k := range o.Bases {
		rest := o.clone()
		delete(rest.Bases, k)
		f(fmt.Sprintf("base %v", k), rest)
	}
}

func (o *Object) clone() *Object {
	return &Object{maps.Clone(o.Live), maps.Clone(o.Bases), maps.Clone(o.Ctx)}
}

package asbench

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/bench"
)

func objectCases(s *session, n int) (out []bench.Case) {
	for _, g := range []int{1, 16} {
		out = append(out,
			bench.Case{Name: fmt.Sprintf("as/update-%d", g), N: n, Run: s.update(n, g), Baseline: s.rawUpdate(n, g)},
			bench.Case{Name: fmt.Sprintf("as/view-%d", g), N: n, Run: s.view(n, g), Baseline: s.rawView(n, g)},
		)
	}
	return out
}

// inWorld measures an operation on one spot after the other of n objects, which the
// cases of that name share, in which e is at work.
func (s *session) inWorld(e *aerospike.Engine, name string, n, goroutines int, do func(w *world) func(p *spot, round int) error) func(*bench.B) error {
	return func(b *bench.B) error {
		w, err := s.world(b, e, name, n)
		if err != nil {
			return err
		}
		f := do(w)
		return parallel(b, goroutines, func(int) error { return f(w.next()) })
	}
}

// update adds an element that is there.
func (s *session) update(n, goroutines int) func(*bench.B) error {
	return s.updateBy(s.engine, "set", n, goroutines)
}

// updateBy is update by another engine, in a world of its own.
func (s *session) updateBy(e *aerospike.Engine, name string, n, goroutines int) func(*bench.B) error {
	return func(b *bench.B) error {
		ctx := b.Context()
		return s.inWorld(e, name, n, goroutines, func(w *world) func(*spot, int) error {
			return func(p *spot, round int) error {
				_, err := w.sets.Update(ctx, p.object, adding(uint64(round%elements)))
				return err
			}
		})(b)
	}
}

// rawUpdate is the baseline of update.
func (s *session) rawUpdate(n, goroutines int) func(*bench.B) error {
	put := s.mapPut(make([]byte, rawValue))
	return s.inWorld(s.engine, "set", n, goroutines, func(*world) func(*spot, int) error {
		return func(p *spot, round int) error { return put(p.raw, round%max(1, p.queued)) }
	})
}

// view reads a set.
func (s *session) view(n, goroutines int) func(*bench.B) error {
	return func(b *bench.B) error {
		ctx := b.Context()
		return s.inWorld(s.engine, "set", n, goroutines, func(w *world) func(*spot, int) error {
			return func(p *spot, _ int) error {
				v, _, err := w.sets.View(ctx, p.object)
				if err == nil && v.Len() != elements {
					err = fmt.Errorf("%s has %d elements, want %d", p.object, v.Len(), elements)
				}
				return err
			}
		})(b)
	}
}

// rawView is the baseline of view.
func (s *session) rawView(n, goroutines int) func(*bench.B) error {
	policy := readPolicy()
	return s.inWorld(s.engine, "set", n, goroutines, func(*world) func(*spot, int) error {
		return func(p *spot, _ int) error {
			_, err := s.client.Get(policy, p.key)
			return plain(err)
		}
	})
}

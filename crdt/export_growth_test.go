package crdt

import "github.com/dovetail-crdt/dovetail/crdt/internal/kernel"

// KernelOf returns the state beneath a value of a causal type, or nil.
func KernelOf(s any) *kernel.State {
	if c, ok := s.(causal); ok {
		return c.obj().whole()
	}
	return nil
}

package main

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/bench/asbench"
)

// cases returns all benchmarks in order of name and size, and what ends them: those
// on Aerospike, if they are asked for, have connections open.
func (o *options) cases() (all []bench.Case, closing func() error, err error) {
	all = bench.Cases()
	if o.aerospike == "" {
		return all, func() error { return nil }, nil
	}
	more, closing, err := asbench.Cases(o.address())
	if err != nil {
		return nil, nil, fmt.Errorf("-aerospike: %w", err)
	}
	return slices.Concat(more, all), closing, nil // "as/" comes before "awmap/"
}

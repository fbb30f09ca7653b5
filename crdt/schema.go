package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// The schemas of the causal types: what a decoder accepts of each.

// values is a place with plain values that check accepts.
type values struct {
	what  string
	check func(put []byte) error
}

func (s values) Below(_ byte, content []byte) (kernel.Schema, error) {
	return nil, fmt.Errorf("%w: %s with a path segment %q below it", ErrCorrupt, s.what, content)
}

func (s values) Value(d clock.Dot, v kernel.Value) error {
	if v.Total != nil || v.Deny {
		return fmt.Errorf("%w: %s with a total or a denial at %v", ErrCorrupt, s.what, d)
	}
	if err := s.check(v.Put); err != nil {
		return fmt.Errorf("%s: value at %v: %w", s.what, d, err)
	}
	return nil
}

func (s values) Bases() error { return noBases(s.what) }

func noBases(what string) error { return fmt.Errorf("%w: %s with counter bases", ErrCorrupt, what) }

// votesSchema is a place with writes that say yes, or also no.
type votesSchema struct {
	what string
	deny bool
}

func (s votesSchema) Below(b byte, content []byte) (kernel.Schema, error) {
	return values{what: s.what}.Below(b, content)
}

func (s votesSchema) Value(d clock.Dot, v kernel.Value) error {
	if v.Total != nil || len(v.Put) > 0 || v.Deny && !s.deny {
		return fmt.Errorf("%w: %s with a value at %v", ErrCorrupt, s.what, d)
	}
	return nil
}

func (s votesSchema) Bases() error { return noBases(s.what) }

// elements is a place with elements that check accepts below it.
type elements struct {
	what       string
	check      func(content []byte) error
	free, wide bool // see Codec
	elem       kernel.Schema
}

func elementsOf[E any](what string, c *Codec[E], elem kernel.Schema) kernel.Schema {
	return elements{what, c.check, c.free, c.wide, elem}
}

// noValue returns the schema of the place of an element of an add-wins set.
func noValue() kernel.Schema { return votesSchema{"element", false} }

func (s elements) Below(role byte, content []byte) (kernel.Schema, error) {
	if role != roleElement {
		return nil, fmt.Errorf("%w: %s with a path segment of role %q", ErrCorrupt, s.what, role)
	}
	if err := s.check(content); err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	return s.elem, nil
}

// Plain implements kernel.Uniform.
func (s elements) Plain(role byte, eight bool) bool {
	return role == roleElement && (s.free || s.wide && eight)
}

func (s elements) Value(d clock.Dot, _ kernel.Value) error {
	return fmt.Errorf("%w: %s with a value of its own at %v", ErrCorrupt, s.what, d)
}

func (s elements) Bases() error { return noBases(s.what) }

// keyed is a place with keys that check accepts below it, and values at each.
type keyed struct {
	check func(content []byte) error
	value kernel.Schema
}

func (s keyed) Below(role byte, content []byte) (kernel.Schema, error) {
	if role != roleKey {
		return nil, fmt.Errorf("%w: map with a path segment of role %q", ErrCorrupt, role)
	}
	if err := s.check(content); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return s.value, nil
}

func (s keyed) Value(d clock.Dot, _ kernel.Value) error {
	return fmt.Errorf("%w: map with a value of its own at %v", ErrCorrupt, d)
}

func (s keyed) Bases() error { return noBases("map") }

// docSchema is a place with fields; those that are not declared may hold anything.
type docSchema struct{ fields []DocField }

func (s docSchema) Below(role byte, content []byte) (kernel.Schema, error) {
	seg := string(append([]byte{role}, content...))
	if _, _, err := splitField(seg); err != nil {
		return nil, err
	}
	for _, f := range s.fields {
		if f.segment() == seg {
			return f.schema(), nil
		}
	}
	return anything{}, nil
}

func (s docSchema) Value(d clock.Dot, _ kernel.Value) error {
	return fmt.Errorf("%w: document with a value of its own at %v", ErrCorrupt, d)
}

func (s docSchema) Bases() error { return noBases("document") }

// anything is a place of a type that is not known here.
type anything struct{}

func (anything) Below(byte, []byte) (kernel.Schema, error) { return anything{}, nil }
func (anything) Value(clock.Dot, kernel.Value) error       { return nil }
func (anything) Bases() error                              { return nil }

// counterSchema is a place with totals and bases.
type counterSchema struct{}

func (counterSchema) Below(b byte, content []byte) (kernel.Schema, error) {
	return values{what: "counter"}.Below(b, content)
}

func (counterSchema) Value(d clock.Dot, v kernel.Value) error {
	if v.Total == nil {
		return fmt.Errorf("%w: counter with a plain value at %v", ErrCorrupt, d)
	}
	return nil
}

func (counterSchema) Bases() error { return nil }

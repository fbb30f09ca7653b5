package sim

import (
	"fmt"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// Object is a kind of object that runs are made of; Type is the only one.
type Object interface {
	name() string
	keys() []string
	draw(d *Stream) spec.Op
	run(t *replication.Transaction, frames [][]byte, ops []spec.Op) ([]clock.Event, error)
	show(key string, frames [][]byte, final bool) (map[string]string, error)
}

// Type tells a simulation about a replicated type: how to change it, and how to
// read it.
//
// Operations are in the words of package spec: Do performs one through the
// type's own mutators, and Show reads a value through its own face into the form
// of spec.View.Reads. What the operations mean is spec's business: a type that
// shows anything else than what spec requires, after any event, has failed.
type Type[S crdt.Lattice[S]] struct {
	// Name is the prefix of the objects' keys, before a slash.
	Name string
	// Kind is the type under test.
	Kind crdt.Kind[S]
	// Keys are the objects that a generated workload uses, without the prefix.
	Keys []string
	// Do performs op on s.
	Do func(tx *crdt.Tx, s S, op spec.Op)
	// Show reads s: all that decides how it goes on, such as the losers of a
	// last-writer-wins register.
	Show func(s S) map[string]string
	// Read reads s for a user, at the end of a run; nil is Show.
	Read func(s S) map[string]string
	// Draw draws an operation of a generated workload; Replica is set later.
	Draw func(d *Stream) spec.Op
}

func (t Type[S]) name() string { return t.Name }

func (t Type[S]) keys() []string {
	out := make([]string, len(t.Keys))
	for i, k := range t.Keys {
		out[i] = t.Name + "/" + k
	}
	return out
}

func (t Type[S]) draw(d *Stream) spec.Op { return t.Draw(d) }

func (t Type[S]) run(tr *replication.Transaction, frames [][]byte, ops []spec.Op) ([]clock.Event, error) {
	_, events, err := replication.Run(tr, t.Kind, frames, func(tx *crdt.Tx, s S) error {
		for _, op := range ops {
			t.Do(tx, s, op)
		}
		return nil
	})
	return events, err
}

func (t Type[S]) show(key string, frames [][]byte, final bool) (map[string]string, error) {
	s, err := replication.Join(t.Kind, key, frames)
	if err != nil {
		return nil, err
	}
	if final && t.Read != nil {
		return t.Read(s), nil
	}
	return t.Show(s), nil
}

// objectOf returns the kind of object that a key belongs to.
func objectOf(objects []Object, key string) (Object, error) {
	name, _, _ := strings.Cut(key, "/")
	for _, o := range objects {
		if o.name() == name {
			return o, nil
		}
	}
	return nil, fmt.Errorf("sim: key %q: no type is named %q", key, name)
}

package store

import (
	"context"
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Backend holds objects: a *DB, or an Aerospike engine. NewObjects gives typed access
// to it, which is how it is used. Implementations are held to storetest.RunObjects.
//
// Keys are whole. An error about one object is a *KeyError or an *InDoubtError. A
// backend refuses an option that it cannot honour with an *UnsupportedError, before
// it does anything.
type Backend interface {
	// Know makes kinds known: from now on frames of them are joined wherever the
	// backend keeps them.
	Know(kinds ...crdt.AnyKind)

	// Update runs fn in a transaction on the object under key and returns when the
	// change is kept; see Objects.Update. Fn may run more than once. It runs under no
	// lock that a View of the key waits for. The object that it is given is good until
	// it returns.
	Update(ctx context.Context, key string, k crdt.AnyKind, fn func(*crdt.Tx, *untyped.Object) error, o Options) (clock.Token, error)

	// View returns the object under key, empty if there is none. It is the caller's
	// own copy.
	View(ctx context.Context, key string, k crdt.AnyKind, o Options) (*untyped.Object, clock.Token, error)

	// Views returns the objects under keys, in their order: nil where there is an
	// error, which then joins a *KeyError for each.
	Views(ctx context.Context, keys []string, k crdt.AnyKind, o Options) ([]*untyped.Object, error)

	// Keys yields the keys that start with prefix, in order. The error of a pair is the
	// last thing yielded.
	Keys(ctx context.Context, prefix string) iter.Seq2[string, error]
}

package store

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Objects is typed access to the objects of one kind under one prefix, wherever they
// are kept. It is a small value; copy it freely. It is safe for concurrent use.
type Objects[S crdt.Lattice[S]] struct {
	b      Backend
	prefix string
	kind   crdt.Kind[S]
	any    crdt.AnyKind // kind, made once
}

// NewObjects returns access to the objects of b whose keys start with prefix. B joins
// frames of the kind from now on. It panics if b is nil, or k is not whole.
func NewObjects[S crdt.Lattice[S]](b Backend, prefix string, k crdt.Kind[S]) Objects[S] {
	if b == nil {
		panic("store: NewObjects without a backend")
	}
	b.Know(k)
	return Objects[S]{b, prefix, k, k}
}

// backend returns the backend of access that was made.
func (o Objects[S]) backend() Backend {
	if o.b == nil {
		panic("store: a zero Objects: make access with NewObjects")
	}
	return o.b
}

// Update runs fn in a transaction on the object under key, which is empty if nobody has
// written it. When Update returns without error the change is kept: by an embedded
// store it is durable and on its way to the peers, over Aerospike it is in the cluster.
// The token names what the client has seen; hand it to Seen and AtLeast.
//
// If fn returns an error or panics, or a mutator fails, nothing has changed; the error
// is in a *KeyError. Fn may run more than once, on newer states of the object, and the
// last run counts. The value that it is given is good until it returns. Updates of one
// key run one at a time, so fn must not update the key itself; it may view it.
//
// An error that matches ErrInDoubt is an *InDoubtError: the change may have been
// applied, or may yet be. A *TokenError says that the change is kept and that there is
// no token. Any other error says that nothing was applied.
func (o Objects[S]) Update(ctx context.Context, key string, fn func(*crdt.Tx, S) error, opts ...Option) (clock.Token, error) {
	return o.backend().Update(ctx, o.prefix+key, o.any, typed(o.kind, fn), optionsOf(opts))
}

// View returns the value of the object under key, empty if there is none, and the token
// of what it shows. The value is the caller's own copy. With a *TokenError the value is
// as good, and there is no token.
func (o Objects[S]) View(ctx context.Context, key string, opts ...Option) (S, clock.Token, error) {
	opt := optionsOf(opts)
	if err := opt.checkRead(); err != nil {
		return o.kind.New(), clock.Token{}, err
	}
	obj, token, err := o.backend().View(ctx, o.prefix+key, o.any, opt)
	if obj == nil {
		return o.kind.New(), token, err
	}
	s, verr := untyped.ValueOf(o.kind, obj)
	if verr != nil {
		return o.kind.New(), clock.Token{}, &KeyError{Key: o.prefix + key, Err: verr}
	}
	return s, token, err
}

// Views returns the values of several objects, in the order of the keys, as View does
// for each. Whatever is wrong with one of them is an error, which joins a *KeyError for
// each; its value is empty then.
func (o Objects[S]) Views(ctx context.Context, keys []string, opts ...Option) ([]S, error) {
	b, values := o.backend(), make([]S, len(keys))
	for i := range values {
		values[i] = o.kind.New()
	}
	opt := optionsOf(opts)
	if err := opt.checkRead(); err != nil {
		return values, err
	}
	full := make([]string, len(keys))
	for i, key := range keys {
		full[i] = o.prefix + key
	}
	objects, err := b.Views(ctx, full, o.any, opt)
	for i, obj := range objects {
		if obj == nil {
			continue
		}
		s, verr := untyped.ValueOf(o.kind, obj)
		if verr != nil {
			err = errors.Join(err, &KeyError{Key: full[i], Err: verr})
			continue
		}
		values[i] = s
	}
	return values, err
}

// Keys yields the keys of all objects, without the prefix, in order, whatever their
// kind. The error of a pair is the last thing yielded.
func (o Objects[S]) Keys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range o.backend().Keys(ctx, o.prefix) {
			if !yield(strings.TrimPrefix(key, o.prefix), err) || err != nil {
				return
			}
		}
	}
}

// typed returns fn as a function of an object of kind k. That another change is in doubt,
// which fn may report, says nothing about this one.
func typed[S crdt.Lattice[S]](k crdt.Kind[S], fn func(*crdt.Tx, S) error) func(*crdt.Tx, *untyped.Object) error {
	on := untyped.On(k, fn)
	return func(tx *crdt.Tx, o *untyped.Object) error {
		err := on(tx, o)
		if errors.Is(err, ErrInDoubt) {
			return &otherDoubtError{err}
		}
		return err
	}
}

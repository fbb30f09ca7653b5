package aerospike

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// Objects is typed access to the objects of one kind under one prefix. It is a
// small value; copy it freely. It is safe for concurrent use.
type Objects[S crdt.Lattice[S]] struct {
	e      *Engine
	prefix string
	kind   crdt.Kind[S]
}

// NewObjects returns access to the objects of e whose keys start with prefix.
func NewObjects[S crdt.Lattice[S]](e *Engine, prefix string, k crdt.Kind[S]) Objects[S] {
	return Objects[S]{e, prefix, k}
}

// Option changes one Update or View.
type Option func(*options)

type options struct {
	blind  bool
	newest bool
	seen   *clock.Token

	atLeast *clock.Token
}

// Blind lets an Update run on what this process remembers of the object, be it
// nothing, without asking the cluster whether that is all. It costs one round trip
// (and another where the process wrote to the object before, and has forgotten all
// but that), does not wait for other updates of the object, and goes together
// with them to the cluster. It suits changes that end nothing that others wrote
// (additions to counters and sets), and writes on behalf of a reader (Seen): an
// overwrite or a remove ends only what this process has seen.
func Blind() Option { return func(o *options) { o.blind = true } }

// Newest makes a View or an Update read the newest of the copies that can be
// reached, where it reads. Without it a read may, while the cluster moves data, be
// of a copy that lacks the last writes of others.
func Newest() Option { return func(o *options) { o.newest = true } }

// Seen makes an Update one on behalf of a reader who was given the token: what it
// overwrites and removes is what that reader saw; see crdt.Seen.
func Seen(t clock.Token) Option { return func(o *options) { o.seen = &t } }

func optionsOf(opts []Option) (o options) {
	for _, f := range opts {
		f(&o)
	}
	return o
}

// Update runs fn in a transaction on the object under key, which is empty if
// nobody has written it. When Update returns without error, the change is in the
// cluster. The token names what the client has seen.
//
// If fn returns an error or panics, or a mutator fails, nothing has changed. Fn may
// run more than once: if the object turns out to be newer in the cluster than what
// this process remembers, it runs again on that. An error that matches
// store.ErrInDoubt is an *InDoubtError: the change may have been applied, or may
// yet be. Any other error says that it was not.
//
// Updates of one key run one at a time, so fn must not update the key itself.
func (o Objects[S]) Update(ctx context.Context, key string, fn func(*crdt.Tx, S) error, opts ...Option) (clock.Token, error) {
	key = o.prefix + key
	after, err := o.e.update(ctx, key, o.kind.Name, o.kind, func(tx *crdt.Tx, x *crdt.Object) error {
		s, err := crdt.ValueOf(o.kind, x)
		if err != nil {
			return err
		}
		return fn(tx, s)
	}, optionsOf(opts))
	if err != nil {
		return clock.Token{}, keyError(key, err)
	}
	return o.token(key, after), nil
}

func (e *Engine) update(
	ctx context.Context, key, name string, k crdt.AnyKind, fn func(*crdt.Tx, *crdt.Object) error, opts options,
) (readContext, error) {
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return readContext{}, err
	}
	defer done()
	u := &update{e: e, o: o, fn: fn, opts: opts, v: o.as(name, k)}
	if u.v.rows {
		if err := u.v.recallOwn(e.ledger, o); err != nil {
			return readContext{}, err
		}
	}
	return u.run(ctx)
}

// View returns the value of the object under key as the cluster has it, joined
// with what this process knows to be in it, and the token of what it shows. It is
// empty if there is none. The value is the caller's own copy.
func (o Objects[S]) View(ctx context.Context, key string, opts ...Option) (S, clock.Token, error) {
	key = o.prefix + key
	x, ctx, done, err := o.e.enter(ctx, key)
	if err != nil {
		return o.kind.New(), clock.Token{}, keyError(key, err)
	}
	defer done()
	v, saw, err := x.as(o.kind.Name, o.kind).view(ctx, o.e, x, optionsOf(opts))
	if err != nil {
		return o.kind.New(), clock.Token{}, keyError(key, err)
	}
	s, err := crdt.ValueOf(o.kind, v)
	return s, o.token(key, saw), err
}

// Keys yields the keys of all objects, without the prefix, in order; what Scan says
// of its cost holds here. The error of a pair is the last thing yielded.
func (o Objects[S]) Keys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range o.e.allKeys(ctx, o.prefix, "") {
			if !yield(strings.TrimPrefix(key, o.prefix), err) || err != nil {
				return
			}
		}
	}
}

// token seals what was seen. What is too large for a token gives the token of a
// client that has seen nothing, which is safe: it covers nothing.
func (o Objects[S]) token(key string, saw readContext) clock.Token {
	if saw.context == nil {
		return clock.Token{}
	}
	t, err := o.e.sealer.Seal(key, saw.context, saw.unapplied)
	if err != nil {
		o.e.cfg.Logger.Warn("aerospike: no token", slog.String("key", key), slog.Any("error", err))
	}
	return t
}

func keyError(key string, err error) error { return &store.KeyError{Key: key, Err: err} }

// Views returns the values of several objects, in the order of the keys, as View
// does for each; it asks for a hundred at a time. Whatever is wrong with one of
// them is an error, which joins a *store.KeyError for each; its value is empty then.
func (o Objects[S]) Views(ctx context.Context, keys []string, opts ...Option) ([]S, error) {
	ctx, cancel, err := o.e.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	opt := optionsOf(opts)
	values, errs := make([]S, len(keys)), make([]error, len(keys))
	for from := 0; from < len(keys); from += batchSize {
		to := min(from+batchSize, len(keys))
		full := make([]string, 0, to-from)
		for _, key := range keys[from:to] {
			full = append(full, o.prefix+key)
		}
		units, failed := o.e.records.ReadBatch(ctx, full, opt.newest)
		for i, key := range full {
			at := from + i
			if values[at], errs[at] = o.viewOf(ctx, key, units[i], failed[i], opt); errs[at] != nil {
				values[at], errs[at] = o.kind.New(), keyError(key, errs[at])
			}
		}
	}
	return values, errors.Join(errs...)
}

// viewOf returns the value of an object from its record, which was read in a batch:
// if that failed, or is behind what is remembered, it is read by itself.
func (o Objects[S]) viewOf(ctx context.Context, key string, u *unit.Unit, failed error, opt options) (S, error) {
	x, err := o.e.use(key)
	if err != nil {
		return *new(S), err
	}
	defer o.e.objects.done(x)
	v := x.as(o.kind.Name, o.kind)
	out, err := v.viewOf(ctx, o.e, x, u, failed, opt)
	if err != nil {
		return *new(S), err
	}
	return crdt.ValueOf(o.kind, out)
}

func (v *value) viewOf(ctx context.Context, e *Engine, o *object, u *unit.Unit, failed error, opts options) (*crdt.Object, error) {
	if failed == nil && !u.HasBlocks() && opts.atLeast == nil {
		v.mu.Lock()
		lacks, err := v.absorb(u, false)
		if err != nil || !lacks {
			defer v.mu.Unlock()
			return v.handOut(), err
		}
		v.mu.Unlock()
	}
	out, _, err := v.view(ctx, e, o, opts)
	return out, err
}

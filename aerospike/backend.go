package aerospike

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

var _ store.Backend = (*Engine)(nil)

// Know implements store.Backend.
func (e *Engine) Know(kinds ...crdt.AnyKind) {
	for {
		was := e.writer.Load()
		now := *was
		now.Kinds = slices.Clone(was.Kinds)
		for _, k := range kinds {
			name := untyped.KindName(k)
			if !slices.ContainsFunc(now.Kinds, func(o crdt.AnyKind) bool { return untyped.KindName(o) == name }) {
				now.Kinds = append(now.Kinds, k)
			}
		}
		if len(now.Kinds) == len(was.Kinds) || e.writer.CompareAndSwap(was, &now) {
			return
		}
	}
}

// kinds returns the kinds that are known.
func (e *Engine) kinds() []crdt.AnyKind { return e.writer.Load().Kinds }

// Update implements store.Backend. Where this process knows the object it costs a
// single round trip; with store.Blind it never costs more, but where the process
// wrote to the object before and has forgotten all but that.
func (e *Engine) Update(
	ctx context.Context, key string, k crdt.AnyKind, fn func(*crdt.Tx, *untyped.Object) error, o store.Options,
) (clock.Token, error) {
	after, err := e.update(ctx, key, k, fn, &o)
	if _, doubt := errors.AsType[*store.InDoubtError](err); doubt {
		return clock.Token{}, err
	}
	if err != nil {
		return clock.Token{}, keyError(key, err)
	}
	return e.token(key, after)
}

func (e *Engine) update(
	ctx context.Context, key string, k crdt.AnyKind, fn func(*crdt.Tx, *untyped.Object) error, opts *store.Options,
) (readContext, error) {
	want, err := e.wantOf(opts, key)
	if err != nil {
		return readContext{}, err
	}
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return readContext{}, err
	}
	defer done()
	u := &update{e: e, o: o, fn: fn, opts: opts, want: want, v: o.as(k)}
	if u.v.rows {
		if err := u.v.recallOwn(e.ledger, key); err != nil {
			return readContext{}, err
		}
	}
	return u.run(ctx)
}

// View implements store.Backend: the object as the cluster has it, joined with what
// this process knows to be in it.
func (e *Engine) View(ctx context.Context, key string, k crdt.AnyKind, o store.Options) (*untyped.Object, clock.Token, error) {
	out, saw, err := e.view(ctx, key, k, &o)
	if err != nil {
		return nil, clock.Token{}, keyError(key, err)
	}
	t, err := e.token(key, saw)
	return out, t, err
}

func (e *Engine) view(ctx context.Context, key string, k crdt.AnyKind, opts *store.Options) (*untyped.Object, readContext, error) {
	want, err := e.wantOf(opts, key)
	if err != nil {
		return nil, readContext{}, err
	}
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return nil, readContext{}, err
	}
	defer done()
	return o.as(k).view(ctx, e, o, opts.Newest, want)
}

// Views implements store.Backend. It asks for a hundred objects at a time.
func (e *Engine) Views(ctx context.Context, keys []string, k crdt.AnyKind, o store.Options) ([]*untyped.Object, error) {
	want, err := e.wants(&o, keys...)
	if err != nil {
		return make([]*untyped.Object, len(keys)), err
	}
	ctx, cancel, err := e.begin(ctx)
	if err != nil {
		return make([]*untyped.Object, len(keys)), err
	}
	defer cancel()
	out, errs := make([]*untyped.Object, len(keys)), make([]error, len(keys))
	for from := 0; from < len(keys); from += batchSize {
		to := min(from+batchSize, len(keys))
		recs, failed := e.records.ReadBatch(ctx, keys[from:to], o.Newest)
		for i, key := range keys[from:to] {
			at := from + i
			if out[at], err = e.viewOf(ctx, key, k, recs[i], failed[i], o.Newest, want[at]); err != nil {
				out[at], errs[at] = nil, keyError(key, err)
			}
		}
	}
	return out, errors.Join(errs...)
}

// viewOf returns an object from its record, which was read in a batch: if that failed,
// or is behind what is remembered or wanted, it is read by itself.
func (e *Engine) viewOf(
	ctx context.Context, key string, k crdt.AnyKind, u *layout.Record, failed error, newest bool, want *clock.Context,
) (*untyped.Object, error) {
	o, err := e.use(key)
	if err != nil {
		return nil, err
	}
	defer e.objects.done(o)
	v := o.as(k)
	if failed == nil && !u.HasBlocks() {
		out, ok, err := v.fromRecord(u, want)
		if ok || err != nil {
			return out, err
		}
	}
	out, _, err := v.view(ctx, e, o, newest, want)
	return out, err
}

// Keys implements store.Backend; what Scan says of its cost holds here.
func (e *Engine) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return e.allKeys(ctx, prefix, "")
}

// wantOf is wants for one object. Nearly always nothing is wanted.
func (e *Engine) wantOf(o *store.Options, key string) (*clock.Context, error) {
	if len(o.AtLeast) == 0 {
		return nil, nil
	}
	want, err := e.wants(o, key)
	if err != nil {
		return nil, err
	}
	return want[0], nil
}

// wants opens the tokens of AtLeast.
func (e *Engine) wants(o *store.Options, keys ...string) ([]*clock.Context, error) {
	return o.Wants(e.cfg.TokenKey, keys...)
}

// token seals what a client has seen of an object.
func (e *Engine) token(key string, saw readContext) (clock.Token, error) {
	if saw.context == nil || saw.context.IsEmpty() {
		return clock.Token{}, nil
	}
	t, err := e.sealer.Seal(key, saw.context, saw.unapplied)
	if err != nil {
		return t, &store.TokenError{Key: key, Err: err}
	}
	return t, nil
}

// keyError is the error about an object, which matches the store's errors.
func keyError(key string, err error) error { return &store.KeyError{Key: key, Err: storeError(err)} }

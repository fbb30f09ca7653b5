package store

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Option changes one Update, View or Views. Of several of one meaning the last
// counts, save that AtLeast adds up.
type Option func(*Options)

// Options is what a Backend is asked to heed. The zero value asks for nothing.
type Options struct {
	// Seen is the token of the reader on whose behalf an Update is; nil for none.
	Seen *clock.Token
	// AtLeast are the tokens of what must be applied first.
	AtLeast []clock.Token
	// Blind lets an Update run without a look at what others wrote.
	Blind bool
	// Newest makes a read look for the newest copy.
	Newest bool

	_ struct{}
}

// Seen makes an Update one on behalf of a reader who was given the token: what it
// overwrites and removes is what that reader saw; see crdt.Seen. Where the store lacks
// what the reader saw, a change of a part of the object fails with crdt.ErrBehind; with
// AtLeast of the same token it waits instead.
func Seen(t clock.Token) Option { return func(o *Options) { o.Seen = &t } }

// AtLeast lets a View, Views or Update wait until everything is here that the readers
// who were given the tokens had applied: read your writes, and monotonic reads, across
// processes and datacenters. That the object knows the fate of an event is not enough:
// what the event ended may be alive here. (A writes x over v; B overwrites x; a store
// that has B's write and not A's shows v beside it, although it knows that x is dead.)
//
// It may never come: where writes go on in a partition an acknowledged write can be
// lost, with all who knew of it. When the context ends, the error matches
// crdt.ErrBehind, and *crdt.BehindError lists the events that are missing.
//
// Each token must be of an object that is read, else the error matches clock.ErrToken.
// The zero token waits for nothing. Views takes the tokens of many objects at once; it
// is fastest if they stand in the order of the keys.
func AtLeast(tokens ...clock.Token) Option {
	return func(o *Options) { o.AtLeast = append(o.AtLeast, tokens...) }
}

// Blind lets an Update run on what this process remembers of the object, be it
// nothing, without asking others whether that is all. It suits changes that end
// nothing that others wrote (additions to counters and sets), and writes on behalf of
// a reader (Seen): an overwrite or a remove ends only what this process has seen. Over
// Aerospike it saves a round trip and does not wait for other updates of the object; an
// embedded store asks nobody, so all of its updates are of that sort.
func Blind() Option { return func(o *Options) { o.Blind = true } }

// Newest makes a read, also that of an Update, take the newest of the copies that can
// be reached. Without it a read may, while an Aerospike cluster moves data, be of a copy
// that lacks the last writes of others. An embedded store has one copy, and cannot ask
// others for theirs: it refuses the option.
func Newest() Option { return func(o *Options) { o.Newest = true } }

func optionsOf(opts []Option) (o Options) {
	for _, f := range opts {
		f(&o)
	}
	return o
}

// ErrUnsupported is matched by *UnsupportedError.
var ErrUnsupported = errors.New("store: unsupported option")

// UnsupportedError means that By cannot honour an option. Nothing was done.
type UnsupportedError struct{ Option, By string }

// Error implements error.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("store: option %s is not supported by %s", e.Option, e.By)
}

// Is matches ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

// checkRead refuses what only an Update can heed.
func (o *Options) checkRead() error {
	switch {
	case o.Seen != nil:
		return &UnsupportedError{"Seen", "reads"}
	case o.Blind:
		return &UnsupportedError{"Blind", "reads"}
	}
	return nil
}

// Wants opens the tokens of AtLeast and returns, for each of the objects under keys, the
// events that must be applied before it is read; nil for none. A token that is of none
// of them is an error that matches clock.ErrToken. It is for backends.
func (o *Options) Wants(tokenKey []byte, keys ...string) ([]*clock.Context, error) {
	out := make([]*clock.Context, len(keys))
	for i, t := range o.AtLeast {
		if t.IsZero() {
			continue
		}
		at, c, err := openAny(t, tokenKey, keys, i)
		if err != nil {
			return nil, err
		}
		if out[at] == nil {
			out[at] = &clock.Context{}
		}
		out[at].Merge(c)
	}
	return out, nil
}

// openAny opens a token as that of one of the objects, trying the one at first before
// the others.
func openAny(t clock.Token, tokenKey []byte, keys []string, first int) (at int, c *clock.Context, err error) {
	if first < len(keys) {
		if c, err = t.OpenApplied(tokenKey, keys[first]); err == nil {
			return first, c, nil
		}
	}
	for i, key := range keys {
		if i == first {
			continue
		}
		if c, err = t.OpenApplied(tokenKey, key); err == nil {
			return i, c, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%w: no object is read", clock.ErrToken)
	}
	return 0, nil, err
}

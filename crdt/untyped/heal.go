package untyped

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
)

// Heal is what a replica sends of one object to a peer that lacks some of it: the
// part that the peer lacks, what it is expected to have, and the base that the
// part is relative to. Extract makes one, ApplyHeal merges it.
//
// Delta is an ordinary state, below the state that it was extracted from, so
// merging it is safe anywhere; Held and Base serve to find out whether it was all
// that the receiver lacked.
type Heal struct {
	// Delta is what the peer lacks.
	Delta *Object
	// Held names the entries that are live at the sender and not in Delta, because
	// Base has them. It is nil if the sender knew what the events outside Base ended
	// (kill lists), and of a lattice without a context. No dot of it is in the
	// context of Delta.
	Held *clock.Context
	// Base is the set of events that Delta is relative to: a receiver that had not
	// applied all of it may lack more. It is nil where the session that the heal
	// is part of says it once for all.
	Base *clock.Context
}

// HealVersion is the version of the format of heals that this package writes and
// the newest that it reads.
const HealVersion = 1

// A heal is one MessagePack array:
//
//	[heal version, frame, whole context, base, checksum]
//
// All but the first are binary. The frame is that of Delta. The whole context is
// the sender's, that of Delta with Held in its holes, so that only one of the two
// has as many intervals as there are live runs; it is nil if Held is, and base is
// nil if Base is. The checksum is that of a frame.
const healFields = 5

// Extract returns what a peer lacks of o that has applied base. Base holds the
// events that the peer's store has applied, all exceptions left out: never the
// context of its object, for which there is ExtractSeen, since to know that an
// event happened is not to have what it did.
//
// Killed names the dots that were ended by events outside base, all of them that
// the context of o has: overwrites and increments end dots as removes do. Nil
// says that this is not known for at least one of them, as for an object which
// learned of some from a heal without kill lists. Then the heal has all dead dots
// of o, and names the live ones that base has.
//
// O(answer + pages touched) with kill lists, and without them O(live intervals) to
// O(live entries), the more of them the more scattered they are; both look at
// each base of a counter reset. An object without a context goes whole. The heal
// shares nothing with o that either may change; Base is base itself.
func (o *Object) Extract(base, killed *clock.Context) *Heal {
	h := &Heal{Base: base}
	c, ok := o.get().(erased.Causal)
	switch {
	case !ok:
		h.Delta = o.Clone()
	case killed != nil:
		h.Delta = o.with(erased.Causal{State: c.ExtractKilled(base, killed)})
	default:
		out, held := c.ExtractHeld(base)
		h.Delta, h.Held = o.with(erased.Causal{State: out}), held
	}
	return h
}

// ExtractSeen returns what a peer lacks whose copy of the object has the context
// seen. It needs no store: replicas that keep values only can bring each other up
// to date with it, and come out with equal bytes. It costs more bytes than
// Extract, since all dead dots (as intervals) and the bases of all counters are
// in it. O(as Extract without kill lists).
func (o *Object) ExtractSeen(seen *clock.Context) *Heal {
	c, ok := o.get().(erased.Causal)
	if !ok {
		return &Heal{Delta: o.Clone(), Base: seen}
	}
	out, held := c.ExtractSeen(seen)
	return &Heal{o.with(erased.Causal{State: out}), held, seen}
}

// ApplyHeal merges h into o. It reports whether that changed o, and which dots the
// sender expected o to know that it does not: nil if there are none. They stay
// unknown, so that they can still come, and a heal with missing dots has not
// healed: either the peer was asked with a base that o is behind, because a
// record was lost or rolled back, or h is of an earlier state of affairs.
//
// H is not changed, and o keeps no part of it. O(h). The error is crdt.ErrKind, for
// objects of different kinds. If o is of a known kind, what that cannot hold is refused,
// by the error of DecodeObjectAs.
func (o *Object) ApplyHeal(h *Heal) (changed bool, missing *clock.Context, err error) {
	if o.of != nil {
		if err := h.Delta.check(o.of); err != nil {
			return false, nil, err
		}
	}
	if changed, err = o.Merge(h.Delta); err != nil {
		return false, nil, err
	}
	if c, ok := o.get().(erased.Causal); ok && h.Held != nil {
		missing = orNil(c.Missing(h.Held))
	}
	return changed, missing, nil
}

func orNil(c *clock.Context) *clock.Context {
	if c.IsEmpty() {
		return nil
	}
	return c
}

// Fill puts into the context of o the numbers below its last one of each replica
// that applied has, and reports whether that changed it. States that have merged
// the same events have equal bytes only after this, once a heal was cut by a
// vector: the cut drops numbers of events on other objects, which the claim of an
// event had covered.
//
// Applied is the set of the events that the store of o has applied itself, to all
// its objects, and o must hold what they did to it; for a peer's vector, for the
// vector that a heal will end with, and for a store's own if the record of o was
// rolled back below it, Fill loses data: an event that has not come would find
// itself dead. So it belongs where a store reads or compares whole objects, and
// not to heals, either end. O(intervals). A lattice without a context has no holes.
func (o *Object) Fill(applied *clock.Context) (changed bool) {
	c, ok := o.get().(erased.Causal)
	return ok && c.Fill(applied)
}

// AppendBinary appends the heal. Equal heals have equal bytes.
func (h *Heal) AppendBinary(b []byte) ([]byte, error) { return h.AppendVersion(b, FrameVersion) }

// AppendVersion is AppendBinary with the frame of Delta in an older format; see
// AppendFrameVersion.
func (h *Heal) AppendVersion(b []byte, format int) ([]byte, error) {
	from := len(b)
	frame, err := h.Delta.AppendFrameVersion(nil, format)
	if err != nil {
		return nil, err
	}
	b = envelope.AppendBin(append(b, envelope.Array0|healFields, HealVersion), frame)
	if h.Held == nil {
		b = append(b, envelope.Nil)
	} else {
		whole, err := h.whole()
		if err != nil {
			return nil, err
		}
		b = appendSet(b, whole)
	}
	if h.Base == nil {
		b = append(b, envelope.Nil)
	} else {
		b = appendSet(b, h.Base)
	}
	if n := len(b) - from; n > crdt.MaxFrame-2-envelope.SumSize {
		return nil, fmt.Errorf("crdt: heal of %s: %d bytes are too large for %d", h.Delta.name, n, crdt.MaxFrame)
	}
	return envelope.AppendSum(b, from), nil
}

// whole returns the sender's context.
func (h *Heal) whole() (*clock.Context, error) {
	c, ok := h.Delta.state.(erased.Causal)
	if !ok {
		return nil, fmt.Errorf("crdt: heal of %s, which has no context, names dots that are held", h.Delta.name)
	}
	whole := h.Held.Clone()
	whole.Merge(c.Context())
	if !whole.Minus(c.Context()).Equal(h.Held) {
		return nil, errors.New("crdt: heal names dots as held that its delta is about")
	}
	return whole, nil
}

func appendSet(b []byte, c *clock.Context) []byte {
	enc, _ := c.AppendBinary(nil) // never fails
	return envelope.AppendBin(b, enc)
}

// DecodeHeal reads what AppendBinary wrote, of kinds as DecodeObject does. Memory
// is bounded by the length of b, to which no reference is kept. A newer format is
// crdt.ErrVersion; any other fault matches crdt.ErrCorrupt. That a heal was decoded says
// nothing of whether it is true: its set of held dots and its base are the
// sender's word, and what it carries is checked against a kind by ApplyHeal.
func DecodeHeal(b []byte, kinds ...crdt.AnyKind) (*Heal, error) {
	r := wire.NewReader(b)
	if _, err := envelope.ReadHead(r, "heal", healFields, HealVersion, HealVersion); err != nil {
		return nil, err
	}
	frame, whole, base := envelope.ReadBin(r, false), envelope.ReadBin(r, true), envelope.ReadBin(r, true)
	envelope.ReadSum(r, b)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("crdt: heal: %w", err)
	}
	h := &Heal{}
	var err error
	if h.Delta, err = DecodeObject(b[frame.At:frame.At+frame.Size], kinds...); err != nil {
		return nil, fmt.Errorf("crdt: heal: %w", err)
	}
	if h.Held, err = readSet(b, whole); err == nil {
		h.Base, err = readSet(b, base)
	}
	if err == nil && h.Held != nil {
		err = h.hold()
	}
	if err != nil {
		return nil, fmt.Errorf("crdt: heal of %s: %w", h.Delta.name, err)
	}
	return h, nil
}

// hold leaves of Held, which is the sender's context, what the delta is not about.
func (h *Heal) hold() error {
	c, ok := h.Delta.state.(erased.Causal)
	if !ok {
		return fmt.Errorf("%w: a context beside a delta that has none", crdt.ErrCorrupt)
	}
	if !h.Held.Covers(c.Context()) {
		return fmt.Errorf("%w: the delta is about dots outside the context it was extracted from", crdt.ErrCorrupt)
	}
	h.Held = h.Held.Minus(c.Context())
	return nil
}

// readSet reads a field of a heal that is a set of dots, or nil.
func readSet(b []byte, f envelope.Field) (*clock.Context, error) {
	if f.Size < 0 {
		return nil, nil
	}
	c := &clock.Context{}
	return c, c.UnmarshalBinary(b[f.At : f.At+f.Size])
}

package crdt

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

const (
	snapshotVersion = 1
	snapshotMAC     = 16 // bytes of HMAC-SHA-256 that a sealed snapshot carries

	// MaxSnapshotBytes bounds a sealed snapshot: some ten thousand totals.
	MaxSnapshotBytes = 256 << 10
)

// Snapshot is what a reader saw of an object or of a part of it: the context, and
// how far each counter's totals had come. A transaction with SeenSnapshot acts on
// it, in this process or, by way of Seal, wherever a client takes it. It does not
// change, and holds no value but the counters' sums.
//
// Nil and the zero Snapshot are those of a reader who has seen nothing.
type Snapshot struct {
	context clock.Context
	top     []string // the place of which it was taken
	rows    []kernel.Row
}

// SnapshotOf returns the snapshot of s, the whole object or a view inside it. It is
// nil for a lattice without a context, which has no use for one. It panics during a
// transaction on the object. O(context and totals; of a view, also the number of
// resets that the object remembers).
func SnapshotOf[S Lattice[S]](s S) *Snapshot {
	c, ok := any(s).(causal)
	if !ok {
		return nil
	}
	return c.obj().snapshot()
}

func (o *object) snapshot() *Snapshot {
	if o == nil || o.state == nil || o.err != nil {
		return &Snapshot{}
	}
	if o.state.IsOpen() {
		panic("crdt: SnapshotOf during a transaction: what it has done so far is not there yet")
	}
	return &Snapshot{*o.state.Context().Clone(), o.path, o.state.Rows(o.path)}
}

// readContext is what a transaction on behalf of the reader needs.
func (s *Snapshot) readContext() *kernel.ReadContext {
	if s == nil {
		s = &Snapshot{}
	}
	return &kernel.ReadContext{Context: &s.context, Rows: s.rows, Top: s.top, HasRows: true}
}

// Context returns the context that the reader saw: what a token of it holds.
func (s *Snapshot) Context() *clock.Context {
	if s == nil {
		return &clock.Context{}
	}
	return s.context.Clone()
}

// Seal returns the snapshot as bytes for a client to keep and return. Key is the
// stores' shared secret and scope the object's key, as for clock.SealToken: the
// snapshot opens under both or not at all, since a forged one could take away what
// nobody saw. A snapshot that is too large to seal is an error; one of a part of
// the object is smaller.
func (s *Snapshot) Seal(key []byte, scope string) ([]byte, error) {
	if len(key) < 16 {
		return nil, fmt.Errorf("crdt: snapshot key of %d bytes: want at least 16", len(key))
	}
	if s == nil {
		s = &Snapshot{}
	}
	body := s.appendBody([]byte{snapshotVersion})
	if len(body)+snapshotMAC > MaxSnapshotBytes {
		return nil, fmt.Errorf("crdt: snapshot of %d bytes is too large to seal: at most %d", len(body), MaxSnapshotBytes-snapshotMAC)
	}
	return sealSnapshot(body, key, scope), nil
}

// OpenSnapshot returns the snapshot that was sealed, or an error that matches
// clock.ErrToken. No bytes open as the snapshot of a reader who has seen nothing.
func OpenSnapshot(key []byte, scope string, sealed []byte) (*Snapshot, error) {
	if len(sealed) == 0 {
		return &Snapshot{}, nil
	}
	n := len(sealed) - snapshotMAC
	if n < 1 || len(sealed) > MaxSnapshotBytes {
		return nil, fmt.Errorf("%w: snapshot of %d bytes", clock.ErrToken, len(sealed))
	}
	if sealed[0] != snapshotVersion {
		return nil, fmt.Errorf("%w: snapshot version %d, want %d", clock.ErrToken, sealed[0], snapshotVersion)
	}
	if !hmac.Equal(sealSnapshot(slices.Clone(sealed[:n]), key, scope), sealed) {
		return nil, fmt.Errorf("%w: snapshot altered, or sealed under another key or for another object", clock.ErrToken)
	}
	s, err := readSnapshot(sealed[1:n])
	if err != nil {
		return nil, fmt.Errorf("%w: snapshot: %w", clock.ErrToken, err)
	}
	return s, nil
}

// sealSnapshot appends the seal to a body. The key is one for snapshots alone, made
// from the stores', so that no token is a snapshot and no snapshot a token,
// whatever their bytes.
func sealSnapshot(body, key []byte, scope string) []byte {
	of := hmac.New(sha256.New, key)
	of.Write([]byte("dovetail crdt snapshot")) // a hash never returns an error
	h := hmac.New(sha256.New, of.Sum(nil))
	h.Write(wire.AppendBytes(nil, scope))
	h.Write(body)
	return append(body, h.Sum(nil)[:snapshotMAC]...)
}

// appendBody appends the canonical encoding: the context; the place; and for each
// path below it with rows, in order, the path and its rows, in order of replica and
// run.
func (s *Snapshot) appendBody(b []byte) []byte {
	b, _ = s.context.AppendBinary(b) // never fails
	b = appendPath(b, s.top)
	groups := 0
	for i := range s.rows {
		if i == 0 || !slices.Equal(s.rows[i].Path, s.rows[i-1].Path) {
			groups++
		}
	}
	b = wire.AppendUvarint(b, uint64(groups))
	for rest := s.rows; len(rest) > 0; {
		n := 1
		for n < len(rest) && slices.Equal(rest[n].Path, rest[0].Path) {
			n++
		}
		b = appendPath(b, rest[0].Path)
		b = wire.AppendUvarint(b, uint64(n))
		for i := range rest[:n] {
			r := &rest[i]
			b = wire.AppendUint64(b, uint64(r.Replica))
			b = wire.AppendUvarint(b, r.Run)
			b = wire.AppendUvarint(b, r.Run-r.Lo)
			b = wire.AppendUvarint(b, r.Seq-r.Run)
			b = wire.AppendVarint(b, int64(r.Sum))
		}
		rest = rest[n:]
	}
	return b
}

func appendPath(b []byte, path []string) []byte {
	b = wire.AppendUvarint(b, uint64(len(path)))
	for _, seg := range path {
		b = wire.AppendBytes(b, seg)
	}
	return b
}

// readSnapshot reads what appendBody wrote, in memory bounded by its length.
func readSnapshot(b []byte) (*Snapshot, error) {
	r := wire.NewReader(b)
	s := &Snapshot{context: *clock.ReadContext(r), top: readPath(r)}
	for range r.Count(14) {
		path := readPath(r)
		if len(s.top)+len(path) > kernel.MaxDepth {
			r.Failf("path of %d+%d segments", len(s.top), len(path))
		}
		if n := len(s.rows); n > 0 && slices.Compare(s.rows[n-1].Path, path) >= 0 {
			r.Failf("path out of order")
		}
		n := r.Count(12)
		if n == 0 {
			r.Failf("path without rows")
		}
		for i := range n {
			row := readRow(r, path)
			if i > 0 && s.rows[len(s.rows)-1].Compare(&row) >= 0 {
				r.Failf("row of %v out of order", row.Replica)
			}
			s.rows = append(s.rows, row)
		}
	}
	return s, r.Done()
}

// readPath reads a path; that of no segment is nil.
func readPath(r *wire.Reader) (path []string) {
	for range r.Count(2) {
		seg := r.Bytes()
		if len(seg) == 0 {
			r.Failf("empty path segment")
		}
		path = append(path, string(seg))
	}
	return path
}

func readRow(r *wire.Reader, path []string) kernel.Row {
	row := kernel.Row{Path: path, Replica: clock.ReplicaID(r.Uint64()), Run: r.Uvarint()}
	closes, more := r.Uvarint(), r.Uvarint()
	row.Sum = uint64(r.Varint())
	if !row.Replica.IsValid() || row.Run == 0 || row.Run > clock.MaxSeq || closes >= row.Run || more > clock.MaxSeq-row.Run {
		r.Failf("run %d of %v closes %d and has %d", row.Run, row.Replica, closes, more)
	}
	row.Lo, row.Seq = row.Run-closes, row.Run+more
	return row
}

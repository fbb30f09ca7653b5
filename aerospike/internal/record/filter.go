package record

import (
	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// appendFilter lets an append through that g allows. A comparison with a bin that
// is not there is neither true nor false, and refuses; where that is not meant, it
// is asked first.
func appendFilter(g *layout.Guard) *as.Expression {
	if !g.Exact {
		return as.ExpAnd(sizeFilter(g.MaxSize), oursFilter())
	}
	return as.ExpAnd(sizeFilter(g.MaxSize), stampFilter(g.Stamp), queuedFilter(g))
}

// oursFilter lets through where the record is one of this layout: its snapshot begins
// with the version, or it has none yet, and a queue. It is not asked where the record
// does not exist. Bins of another program beside ours no filter can see: they are found
// by whoever reads, and an append leaves them and the expiry as they are.
func oursFilter() *as.Expression {
	s := as.ExpBlobBin(BinSnapshot)
	return as.ExpOr(
		as.ExpAnd(
			as.ExpGreaterEq(s, as.ExpBlobVal([]byte{layout.SnapshotVersion})),
			as.ExpLess(s, as.ExpBlobVal([]byte{layout.SnapshotVersion + 1})),
		),
		as.ExpAnd(newFilter(), as.ExpNot(as.ExpBinExists(BinSnapshot))),
	)
}

// newFilter lets through where the record is ours, and has no snapshot yet.
func newFilter() *as.Expression {
	return as.ExpAnd(as.ExpNot(as.ExpBinExists(BinStamp)), as.ExpBinExists(BinQueue))
}

// compactFilter lets through where the record is ours, and its stamp is s.
func compactFilter(s layout.Stamp) *as.Expression {
	if s == (layout.Stamp{}) {
		return newFilter()
	}
	return stampFilter(s)
}

// sizeFilter lets through where the record has less than n bytes.
func sizeFilter(n int) *as.Expression {
	return as.ExpLess(as.ExpRecordSize(), as.ExpIntVal(int64(n)))
}

// stampFilter lets through where the record's stamp is s.
func stampFilter(s layout.Stamp) *as.Expression {
	if s == (layout.Stamp{}) {
		return as.ExpNot(as.ExpBinExists(BinStamp))
	}
	return as.ExpEq(as.ExpBlobBin(BinStamp), as.ExpBlobVal(s[:]))
}

// queuedFilter lets through where the queue has as many entries as were read. A record of
// ours without a snapshot has a queue: one that was not there, and is now without one, is
// not ours.
func queuedFilter(g *layout.Guard) *as.Expression {
	is := as.ExpEq(as.ExpMapSize(as.ExpMapBin(BinQueue)), as.ExpIntVal(int64(g.Queued)))
	if g.Queued > 0 || g.Stamp == (layout.Stamp{}) {
		return is
	}
	return as.ExpOr(as.ExpNot(as.ExpBinExists(BinQueue)), is)
}

// owned lets through what f does if the record is not another cluster's.
func (r *Set) owned(f *as.Expression) *as.Expression {
	if r.owner == 0 {
		return f
	}
	return as.ExpAnd(f, as.ExpOr(
		as.ExpNot(as.ExpBinExists(BinOwner)), as.ExpEq(as.ExpIntBin(BinOwner), as.ExpIntVal(int64(r.owner)))))
}

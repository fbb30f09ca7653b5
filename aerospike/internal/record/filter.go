package record

import (
	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// appendFilter lets an append through that g allows. A comparison with a bin that
// is not there is neither true nor false, and refuses; where that is not meant, it
// is asked first.
func appendFilter(g *unit.Guard) *as.Expression {
	if !g.Exact {
		return sizeFilter(g.MaxSize)
	}
	return as.ExpAnd(sizeFilter(g.MaxSize), stampFilter(g.Stamp), queuedFilter(g.Queued))
}

// sizeFilter lets through where the record has less than n bytes.
func sizeFilter(n int) *as.Expression {
	return as.ExpLess(as.ExpRecordSize(), as.ExpIntVal(int64(n)))
}

// stampFilter lets through where the record's stamp is s.
func stampFilter(s unit.Stamp) *as.Expression {
	if s == (unit.Stamp{}) {
		return as.ExpNot(as.ExpBinExists(BinStamp))
	}
	return as.ExpEq(as.ExpBlobBin(BinStamp), as.ExpBlobVal(s[:]))
}

// queuedFilter lets through where the queue has n entries.
func queuedFilter(n int) *as.Expression {
	is := as.ExpEq(as.ExpMapSize(as.ExpMapBin(BinQueue)), as.ExpIntVal(int64(n)))
	if n > 0 {
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

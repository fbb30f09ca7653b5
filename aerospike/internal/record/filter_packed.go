package record

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// An exact filter is another one for each append, of which the client would make a
// tree, and walk it twice. So what is the same in all of them is taken from what the
// client makes of appendFilter, once, and each filter put together from that.
type filterParts struct {
	and, size, stamp, noStamp, queued, noQueue []byte
}

// exactParts are those of exact filters. They end before a number or the stamp follows.
var exactParts = sync.OnceValue(func() *filterParts { //nolint:gochecknoglobals // constant, but for that the client makes it
	p := &filterParts{
		size:    packedFilter(sizeFilter(0)),
		stamp:   packedFilter(stampFilter(layout.Stamp{1})),
		noStamp: packedFilter(stampFilter(layout.Stamp{})),
		queued:  packedFilter(queuedFilter(&layout.Guard{Queued: 1})),
		noQueue: packedFilter(queuedFilter(&layout.Guard{Stamp: layout.Stamp{1}})),
	}
	all := packedFilter(appendFilter(&layout.Guard{Exact: true}))
	p.and = all[:len(all)-len(p.size)-len(p.noStamp)-len(p.queued)]
	p.size = p.size[:len(p.size)-1]
	p.stamp = p.stamp[:len(p.stamp)-len(layout.Stamp{})]
	p.queued = p.queued[:len(p.queued)-1]
	return p
})

func packedFilter(f *as.Expression) []byte {
	s, err := f.Base64()
	if err != nil {
		return nil
	}
	b, _ := base64.StdEncoding.DecodeString(s)
	return b
}

// packedAppendFilter is appendFilter.
func packedAppendFilter(g *layout.Guard) *as.Expression {
	if !g.Exact {
		return appendFilter(g)
	}
	p := exactParts()
	var room [256]byte
	b := appendNumber(append(append(room[:0], p.and...), p.size...), g.MaxSize)
	if g.Stamp == (layout.Stamp{}) {
		b = append(b, p.noStamp...)
	} else {
		b = append(append(b, p.stamp...), g.Stamp[:]...)
	}
	if g.Queued > 0 || g.Stamp == (layout.Stamp{}) {
		b = appendNumber(append(b, p.queued...), g.Queued)
	} else {
		b = append(b, p.noQueue...)
	}
	e, err := as.ExpFromBase64(base64.StdEncoding.EncodeToString(b))
	if err != nil {
		return appendFilter(g)
	}
	return e
}

// appendNumber appends a number of 32 bits at most as MessagePack.
func appendNumber(b []byte, n int) []byte {
	switch {
	case n < 128:
		return append(b, byte(n))
	case n <= math.MaxUint8:
		return append(b, 0xcc, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(n))
}

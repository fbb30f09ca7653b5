package msgpack

import (
	"bytes"
	"slices"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// A Go map of one entry takes some 350 bytes, and as few as three in MessagePack. So
// that memory stays in proportion, a value has at most one map for each four bytes,
// and some. Of {"a": 1} there may be any number.
const (
	mapsFree    = 16
	bytesPerMap = 4
)

// entries walks over n entries of a map, in order of the bytes of their keys. If the
// keys are of no given type, all are strings or none is.
func (r *reader) entries(n int, key, elem form, untypedKeys bool) {
	if r.enter(); n > 0 {
		r.maps++
	}
	if (r.maps-mapsFree)*bytesPerMap > len(r.all) {
		r.Failf("%d maps in a value of %d bytes", r.maps, len(r.all))
	}
	var last []byte
	for i := 0; i < n && r.Err() == nil; i++ {
		raw := r.key(key)
		switch {
		case r.Err() != nil:
		case i > 0 && bytes.Compare(last, raw) >= 0:
			r.Failf("a map has a key twice or out of order")
		case untypedKeys && i > 0 && msgpcode.IsString(last[0]) != msgpcode.IsString(raw[0]):
			r.Failf("a map in an interface has keys that are strings and others")
		}
		last = raw
		elem(r)
	}
	r.leave()
}

// key walks over a key and returns its bytes.
func (r *reader) key(f form) []byte {
	at := r.Offset()
	r.keys++
	f(r)
	r.keys--
	return r.all[at:r.Offset()]
}

// canonicalize brings bytes that the library wrote to their canonical form, which is
// as long.
func canonicalize(b []byte) error {
	r := newReader(b)
	r.canonicalizing = true
	untyped(r)
	return r.Done()
}

// entry is where an entry of a map starts, where its value does, and where it ends.
type entry struct{ at, value, end int }

// sortEntries puts n entries in order of the bytes of their keys.
func (r *reader) sortEntries(n int) {
	r.enter()
	start, all := r.Offset(), make([]entry, 0, n)
	for i := 0; i < n && r.Err() == nil; i++ {
		e := entry{at: r.Offset()}
		untyped(r)
		e.value = r.Offset()
		untyped(r)
		e.end = r.Offset()
		all = append(all, e)
	}
	byKey := func(a, b entry) int { return bytes.Compare(r.all[a.at:a.value], r.all[b.at:b.value]) }
	if r.leave(); r.Err() != nil || slices.IsSortedFunc(all, byKey) {
		return
	}
	slices.SortFunc(all, byKey)
	sorted := make([]byte, 0, r.Offset()-start)
	for _, e := range all {
		sorted = append(sorted, r.all[e.at:e.end]...)
	}
	copy(r.all[start:], sorted)
}

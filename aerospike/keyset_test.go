package aerospike

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// TestKeySet compares a keySet with a map, on random keys of a few.
func TestKeySet(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	draw := func() map[layout.EntryKey]bool {
		m := make(map[layout.EntryKey]bool)
		for range r.IntN(6) {
			m[layout.EntryKey{byte(r.IntN(3)), 15: byte(r.IntN(3))}] = true
		}
		return m
	}
	order := func(m map[layout.EntryKey]bool) []layout.EntryKey {
		return slices.SortedFunc(maps.Keys(m), compareKeys)
	}
	for range 20_000 {
		has, other := draw(), draw()
		var s keySet
		for k := range has {
			s.add(k)
			s.add(k)
		}
		if !slices.Equal(s, order(has)) {
			t.Fatalf("after adding %v: %v", has, s)
		}
		all, missing, news := true, len(has), order(other)
		for k := range other {
			all = all && has[k]
			if has[k] {
				missing--
			}
		}
		news = slices.DeleteFunc(news, func(k layout.EntryKey) bool { return has[k] })
		var queue []layout.Entry
		for _, k := range order(other) {
			queue = append(queue, layout.Entry{Key: k})
		}
		var got []layout.EntryKey
		n, err := s.news(queue, func(e *layout.Entry) error { got = append(got, e.Key); return nil })
		if n != missing || err != nil || !slices.Equal(got, news) {
			t.Fatalf("%v beside a queue of %v: news %v, want %v; %d missing, want %d", s, other, got, news, n, missing)
		}
		if _, err := s.news(queue, func(*layout.Entry) error { return errors.ErrUnsupported }); (err != nil) != (len(news) > 0) {
			t.Fatalf("%v beside a queue of %v: %v", s, other, err)
		}
		if got := s.remove(order(other)); got != all {
			t.Fatalf("remove %v from %v: %v, want %v", other, has, got, all)
		}
		maps.DeleteFunc(has, func(k layout.EntryKey, _ bool) bool { return all && other[k] })
		if !slices.Equal(s, order(has)) {
			t.Fatalf("after removing %v: %v, want %v", other, s, order(has))
		}
	}
}

package aerospike

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// keySet is a set of keys of a queue, in their order, in which a queue comes: to
// compare the two is a walk along both.
type keySet []layout.EntryKey

func compareKeys(a, b layout.EntryKey) int { return a.Compare(&b) }

// add puts in a key.
func (s *keySet) add(key layout.EntryKey) {
	if i, found := slices.BinarySearchFunc(*s, key, compareKeys); !found {
		*s = slices.Insert(*s, i, key)
	}
}

// remove takes out keys, in order, if all of them are there; else it changes nothing
// and reports that.
func (s *keySet) remove(keys []layout.EntryKey) bool {
	if !s.hasAll(keys) {
		return false
	}
	*s = slices.DeleteFunc(*s, func(k layout.EntryKey) bool {
		if len(keys) > 0 && keys[0] == k {
			keys = keys[1:]
			return true
		}
		return false
	})
	return true
}

// hasAll reports whether keys, in order, are all there.
func (s *keySet) hasAll(keys []layout.EntryKey) bool {
	rest := *s
	for _, k := range keys {
		for len(rest) > 0 && compareKeys(rest[0], k) < 0 {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] != k {
			return false
		}
	}
	return true
}

// set makes it the keys of a queue.
func (s *keySet) set(queue []layout.Entry) {
	*s = slices.Grow((*s)[:0], len(queue))
	for i := range queue {
		*s = append(*s, queue[i].Key)
	}
}

// news calls f for the entries of a queue that are not in the set, until one fails, and
// returns how many of the set are not in the queue.
func (s *keySet) news(queue []layout.Entry, f func(*layout.Entry) error) (missing int, err error) {
	rest := *s
	for i := range queue {
		q := &queue[i]
		for len(rest) > 0 && rest[0] != q.Key && rest[0].Compare(&q.Key) < 0 {
			rest, missing = rest[1:], missing+1
		}
		if len(rest) > 0 && rest[0] == q.Key {
			rest = rest[1:]
		} else if err := f(q); err != nil {
			return missing, err
		}
	}
	return missing + len(rest), nil
}

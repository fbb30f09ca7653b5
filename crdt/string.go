package crdt

import (
	"fmt"
	"iter"
	"strings"
)

// String prints what the set shows.
func (s *AWSet[E]) String() string { return listed(s.All()) }

// String prints what the set shows.
func (s *RWSet[E]) String() string { return listed(s.All()) }

// String prints what the set holds.
func (s *GSet[E]) String() string { return listed(s.All()) }

// String prints the concurrent values.
func (r *MVRegister[T]) String() string { return listed(r.Values()) }

// String prints keys and values.
func (m *AWMap[K, V]) String() string { return paired(m.All()) }

// String prints keys and values.
func (m *GMap[K, S]) String() string { return paired(m.All()) }

// String prints the name and the kind of each field that holds something.
func (d *Doc) String() string { return paired(d.Fields()) }

// String prints the value that is shown, or <none>.
func (r *LWWRegister[T]) String() string { return maybe(r.Get()) }

// String prints the value, or <none>.
func (r *MaxRegister[T]) String() string { return maybe(r.Get()) }

// String prints the value, or <none>.
func (r *MinRegister[T]) String() string { return maybe(r.Get()) }

// String prints true or false.
func (f *EWFlag) String() string { return fmt.Sprint(f.IsEnabled()) }

// String prints true or false.
func (f *DWFlag) String() string { return fmt.Sprint(f.IsEnabled()) }

func maybe[T any](v T, ok bool) string {
	if !ok {
		return "<none>"
	}
	return fmt.Sprint(v)
}

func listed[E any](all iter.Seq[E]) string {
	var words []string
	for e := range all {
		words = append(words, fmt.Sprint(e))
	}
	return "[" + strings.Join(words, " ") + "]"
}

func paired[K, V any](all iter.Seq2[K, V]) string {
	var words []string
	for k, v := range all {
		words = append(words, fmt.Sprintf("%v:%v", k, v))
	}
	return "{" + strings.Join(words, " ") + "}"
}

package spec

// Set is a set of operation numbers. The zero value is empty.
type Set struct{ words []uint64 }

// Has reports whether i is in the set.
func (s *Set) Has(i int) bool { return i>>6 < len(s.words) && s.words[i>>6]>>(i&63)&1 == 1 }

// Add puts i into the set and reports whether it was absent.
func (s *Set) Add(i int) bool {
	for i>>6 >= len(s.words) {
		s.words = append(s.words, 0)
	}
	was := s.words[i>>6]
	s.words[i>>6] |= 1 << (i & 63)
	return s.words[i>>6] != was
}

// Clone returns a copy.
func (s *Set) Clone() Set { return Set{append([]uint64(nil), s.words...)} }

// Union adds the members of o to s.
func (s *Set) Union(o *Set) {
	for i, w := range o.words {
		if i == len(s.words) {
			s.words = append(s.words, 0)
		}
		s.words[i] |= w
	}
}

// Within reports whether every member of s is in o.
func (s *Set) Within(o *Set) bool {
	for i, w := range s.words {
		if i < len(o.words) {
			w &^= o.words[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Members returns the members in order.
func (s *Set) Members() []int {
	var out []int
	for i := range len(s.words) * 64 {
		if s.Has(i) {
			out = append(out, i)
		}
	}
	return out
}

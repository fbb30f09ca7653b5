package replication

// changeLog is the recent changes, own and foreign, in order of arrival. It
// answers peers that lack little; it is a cache, so a crash may lose it.
type changeLog struct {
	first   uint64 // position of entries[0]; positions are never used twice
	entries []Change
	bytes   int
}

// add appends a change, drops the oldest beyond limit bytes, and returns its
// position.
func (l *changeLog) add(ch Change, limit int) uint64 {
	l.entries = append(l.entries, ch)
	l.bytes += ch.size()
	for l.bytes > limit && len(l.entries) > 1 {
		l.bytes -= l.entries[0].size()
		l.entries[0] = Change{}
		l.entries = l.entries[1:]
		l.first++
	}
	return l.first + uint64(len(l.entries)) - 1
}

// size is about what a change costs on the wire.
func (ch *Change) size() int { return len(ch.Key) + len(ch.Frame) + 32 }

// at returns the change at a position, or nil if it was dropped.
func (l *changeLog) at(pos uint64) *Change {
	if pos < l.first || pos >= l.first+uint64(len(l.entries)) {
		return nil
	}
	return &l.entries[pos-l.first]
}

// missing returns the changes that a peer which has applied base lacks, and
// whether they are all that it lacks of want.
func (l *changeLog) missing(want, base *Applied) (out []Change, complete bool) {
	lacks := want.Minus(base)
	var found Applied
	for _, ch := range l.entries {
		if !base.Contains(ch.Span) {
			out = append(out, ch)
			found.Add(ch.Span)
		}
	}
	return out, found.Covers(lacks)
}

package sim

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// lastWriter is what a store with last-writer-wins per object would have made of
// the same run: each write reads the object as it stands at its replica, changes
// it and writes it whole; of concurrent versions the later one stays. A write is
// lost if it is not among the ancestors of the version that wins in the end.
type lastWriter struct{ versions []version }

type version struct {
	at      int64
	replica int
	parent  int // -1: the object was absent
	ops     []spec.Op
}

// wins reports whether version i replaces j; -1 is no version.
func (l *lastWriter) wins(i, j int) bool {
	if i < 0 || j < 0 {
		return j < 0 && i >= 0
	}
	a, b := l.versions[i], l.versions[j]
	if a.at != b.at {
		return a.at > b.at
	}
	return a.replica > b.replica || a.replica == b.replica && i > j
}

// write adds a version.
func (l *lastWriter) write(v version) int {
	l.versions = append(l.versions, v)
	return len(l.versions) - 1
}

// outcome returns what the winner shows, and how many writes it lacks.
func (l *lastWriter) outcome() (shows map[string]string, lost int) {
	best := -1
	for i := range l.versions {
		if l.wins(i, best) {
			best = i
		}
	}
	var chain []int
	for i := best; i >= 0; i = l.versions[i].parent {
		chain = append(chain, i)
	}
	var h spec.History
	view := h.View()
	for _, c := range slices.Backward(chain) {
		view.Do(l.versions[c].ops...)
	}
	return view.Reads(), len(l.versions) - len(chain)
}

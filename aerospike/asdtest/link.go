package asdtest

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// LinkConfig says what a Link ships, and how.
type LinkConfig struct {
	// Ships chooses records by namespace and set. Nil: all whose namespace the other
	// cluster has.
	Ships func(namespace, set string) bool
	// OnlyChanged ships the bins that were written since the record was last shipped,
	// and leaves the others (bin-policy only-changed). Otherwise the whole record
	// replaces what is there (bin-policy all).
	OnlyChanged bool
	// Forward ships on what came over another link. Without it only what clients wrote
	// is shipped. With it, links that form a ring ship for ever.
	Forward bool

	_ struct{} // keyed literals only
}

// Link ships records from one cluster to another, as XDR does: it remembers which
// records were written, and ships the version that they have when it is their turn,
// so it skips versions. The other cluster counts a generation of its own and takes
// the time of arrival for the last update. The test moves it with Ship, or has it
// run by itself. It is safe for concurrent use.
type Link struct {
	src, dst *Cluster
	cfg      LinkConfig

	mu      sync.Mutex
	queue   []*parcel
	byKey   map[gateKey]*parcel
	shipped int
	failed  int
	cut     bool
	wake    chan struct{} // nil unless it runs by itself
	done    chan struct{}
	closed  bool
	wg      sync.WaitGroup
}

// parcel is a record that waits to be shipped.
type parcel struct {
	key  gateKey
	bins map[string]bool // those that were written
}

// NewLink links two clusters, from src to dst, with nothing to ship: what is there
// already is not shipped unless Rewind is called. Closing src closes it.
func NewLink(src, dst *Cluster, cfg LinkConfig) *Link {
	l := &Link{src: src, dst: dst, cfg: cfg, byKey: make(map[gateKey]*parcel), done: make(chan struct{})}
	src.mu.Lock()
	defer src.mu.Unlock()
	var links []*Link
	if old := src.links.Load(); old != nil {
		links = append(links, *old...)
	}
	links = append(links, l)
	src.links.Store(&links)
	return l
}

// changed tells the links of a write, and whether it arrived over a link itself. The
// caller holds the partition.
func (c *Cluster) changed(ns *namespace, d Digest, next, old *record, arrived bool) {
	links := c.links.Load()
	if links == nil {
		return
	}
	for _, l := range *links {
		l.changed(ns, d, next, old, arrived)
	}
}

func (l *Link) changed(ns *namespace, d Digest, next, old *record, arrived bool) {
	if arrived && !l.cfg.Forward || l.dst.namespace(ns.name) == nil {
		return
	}
	known := next
	if known == nil {
		known = old
	}
	if l.cfg.Ships != nil && !l.cfg.Ships(ns.name, known.set) {
		return
	}
	l.enqueue(gateKey{ns, d}, changedBins(next, old))
}

// changedBins returns the names of the bins that differ between two versions.
func changedBins(next, old *record) map[string]bool {
	if next == nil {
		next = &record{}
	}
	if old == nil {
		old = &record{}
	}
	out := make(map[string]bool)
	for _, b := range next.bins {
		if i := old.find(b.name); i < 0 || !b.val.same(old.bins[i].val) {
			out[b.name] = true
		}
	}
	for _, b := range old.bins {
		if next.find(b.name) < 0 {
			out[b.name] = true
		}
	}
	return out
}

// same says that two values are one and the same, not just equal: a bin that is
// written again is a changed one.
func (v value) same(w value) bool {
	if v.kind != w.kind || v.m != w.m || v.l != w.l || len(v.raw) != len(w.raw) {
		return false
	}
	return len(v.raw) == 0 || &v.raw[0] == &w.raw[0]
}

// enqueue adds a record, or what changed of it if it waits already.
func (l *Link) enqueue(k gateKey, bins map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	p := l.byKey[k]
	if p == nil {
		p = &parcel{key: k, bins: make(map[string]bool)}
		l.byKey[k] = p
		l.queue = append(l.queue, p)
	}
	for name := range bins {
		p.bins[name] = true
	}
	l.signal()
}

// signal wakes the goroutine of Run, if there is one. The caller holds l.mu.
func (l *Link) signal() {
	if l.wake == nil || l.cut {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default: // it has been told already
	}
}

// Pending returns how many records wait to be shipped.
func (l *Link) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)
}

// Shipped returns how many versions arrived, and how many the other cluster refused,
// which are given up: records that are too big for it, or XDR writes that it rejects.
func (l *Link) Shipped() (arrived, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shipped, l.failed
}

// Shuffle puts what waits into a random order.
func (l *Link) Shuffle(r *rand.Rand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Shuffle(len(l.queue), func(i, k int) { l.queue[i], l.queue[k] = l.queue[k], l.queue[i] })
}

// Cut stops the link; what is written waits. Mend lets it go on.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
}

// Mend ends Cut.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
	l.signal()
}

// Close ends the link. What waits is not shipped. Closing again is a no-op.
func (l *Link) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.done)
	}
	l.queue, l.byKey = nil, make(map[gateKey]*parcel)
	l.mu.Unlock()
	l.wg.Wait()
	l.src.mu.Lock()
	defer l.src.mu.Unlock()
	if old := l.src.links.Load(); old != nil {
		links := slices.DeleteFunc(slices.Clone(*old), func(x *Link) bool { return x == l })
		l.src.links.Store(&links)
	}
}

package layout_test

import (
	"bytes"
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// region is several clusters that XDR joins, one in each datacenter. Of the object
// each has a record that only its own processes write, and copies of those of the
// others, in which XDR may bring any version at any time, also over a newer one.
type region struct {
	// records are by cluster, and by the datacenter that writes them: side of these
	// is a record, and its older versions. With the bug, all write the same.
	records [][]*side
	loop    bool // copies are shipped on, also home to those who wrote them
	parts   bool // bins are shipped apart, as they change
}

// joined is the kind of history that several clusters have.
func joined(t *tuning) {
	t.region, t.split = true, false
}

// looping is the kind in which what was shipped comes home late, and often.
func looping(t *tuning) {
	joined(t)
	t.steps, t.loop, t.crash, t.evict = 140, true, false, true
	t.begin = [...]int{update: 10, retry: 1, compact: 2, sweep: 6, look: 3}
}

// found makes the region and spreads the processes over it.
func (w *world) found() {
	n := 2 + w.dice.pick(2, "clusters")
	r := &region{loop: w.tune.loop || w.dice.pick(2, "loop") == 1, parts: w.dice.pick(2, "bins apart") == 1}
	none := w.sides[0].now
	for range n {
		records := make([]*side, n)
		if w.bug == sharedRecord {
			records = records[:1]
		}
		for d := range records {
			records[d] = &side{none, []*version{none}}
		}
		r.records = append(r.records, records)
	}
	for len(w.procs) < n {
		w.procs = append(w.procs, w.newProcess())
	}
	for i, p := range w.procs {
		p.side = i % n
	}
	w.region = r
	w.logf("%d clusters, looping: %t, bins apart: %t", n, r.loop, r.parts)
}

// own returns the record that the processes of cluster c write.
func (r *region) own(c int) *side { return r.records[c][r.owned(c)] }

func (r *region) owned(c int) int { return min(c, len(r.records[c])-1) }

// beside adds to what was read of the record of cluster c the copies beside it,
// and returns what that comes to.
func (w *world) beside(c int, v *version, u *layout.Record, pick func(*side) *version) *version {
	all := *v
	all.has, all.doc = v.has.Clone(), v.doc.Clone()
	for d, s := range w.region.records[c] {
		if d == w.region.owned(c) {
			continue
		}
		other := pick(s)
		u.Others = append(u.Others, other.record())
		all.has.Union(&other.has)
		all.doc.Merge(other.doc)
	}
	return &all
}

// now returns what cluster c has of the object, in all records.
func (w *world) now(c int) *version {
	return w.beside(c, w.region.own(c).now, &layout.Record{}, func(s *side) *version { return s.now })
}

// ship brings a version of a record from one cluster to another. It need not be the
// next one, nor the newest: versions are skipped, repeated, and late.
func (w *world) ship() {
	r := w.region
	from := w.dice.pick(len(r.records), "from")
	to := (from + 1 + w.dice.pick(len(r.records)-1, "to")) % len(r.records)
	d := r.owned(from)
	if r.loop {
		d = (d + w.dice.pick(len(r.records[from]), "whose")) % len(r.records[from])
	}
	s := r.records[from][d]
	v := s.old[len(s.old)-1-w.dice.pick(len(s.old), "version")]
	if w.dice.pick(2, "old") == 0 {
		v = s.now
	}
	bins := allBins
	if r.parts {
		bins = w.dice.pick(3, "bins")
	}
	w.arrive(to, d, v, bins)
	w.logf("cluster %d ships %v of record %d, %s, to cluster %d, which has %v of it then", from, v.has.Members(), d,
		[...]string{"whole", "the queue", "the snapshot"}[bins], to, r.records[to][d].now.has.Members())
	all := w.now(to)
	w.checkShown("the cluster that it came to", all.doc, w.view(&all.has))
}

// What of a record is shipped.
const (
	allBins = iota
	queueBin
	snapshotBins
)

// arrive writes a version, or some of its bins, over what cluster c has.
func (w *world) arrive(c, d int, v *version, bins int) {
	s := w.region.records[c][d]
	if !v.exists {
		return
	}
	n := *v
	switch old := s.now; bins {
	case queueBin:
		n.stamp, n.snapshot, n.folded = old.stamp, old.snapshot, old.folded.Clone()
	case snapshotBins:
		n.queue = slices.Clone(old.queue)
	}
	w.become(s, w.admit(&n))
}

// shipAll brings every cluster the present records of all others.
func (w *world) shipAll() {
	w.logf("everything is shipped")
	for from := range w.region.records {
		for to := range w.region.records {
			if from != to {
				w.arrive(to, w.region.owned(from), w.region.own(from).now, allBins)
			}
		}
	}
}

// settleRegion lets the records become quiet, each by a process of its own, and
// ships them.
func (w *world) settleRegion() {
	for range 2 { // the first may have to make the record
		for c := range w.region.records {
			i := slices.IndexFunc(w.procs, func(p *process) bool { return p.side == c })
			w.start(w.procs[i], "compact", func(c *call) { c.compact(false) })
			w.finish()
		}
	}
	w.shipAll()
}

// checkRegion checks that each cluster has all that it must, and that all have the
// same.
func (w *world) checkRegion(required *spec.Set) {
	var first []byte
	for c := range w.region.records {
		all := w.now(c)
		w.checkShown("at the end the cluster", all.doc, w.view(required))
		whole := frameOf(all.doc)
		if c == 0 {
			first = whole
		}
		if !bytes.Equal(first, whole) {
			w.failf("at the end cluster %d has %x, cluster 0 %x", c, whole, first)
		}
	}
}

package mirror

import (
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// Stats are the figures of a Mirror at one moment.
type Stats struct {
	Clusters   []ClusterStats
	Directions []DirectionStats
	Audits     []AuditStats
	// RecordSize is what a snapshot may have in every one of the clusters that were
	// asked, which is done once; 0 before that.
	RecordSize int
}

// ClusterStats are those of a cluster.
type ClusterStats struct {
	Name string
	// Settled says that at the last look all nodes were there, agreed and moved
	// nothing. As long as they do not, no cursor moves.
	Settled bool
	// Epoch counts the changes of the cluster.
	Epoch uint64
	// Concurrency is how many operations it takes at a time now.
	Concurrency int
	// Incomplete is how many objects are known to lack a block there.
	Incomplete int
	// Blocks is how many blocks were written there: copied, or put back.
	Blocks int64
}

// DirectionStats are those of one direction of a link.
type DirectionStats struct {
	From, To string
	// Lag is the age of the oldest change that is known not to have arrived, to
	// within the time between scans; 0 if none is known. As long as one of the clusters
	// cannot be reached nothing new becomes known, and only Behind grows.
	Lag time.Duration
	// Behind is how old the knowledge is: what was written longer ago than that, and
	// was there to be seen, has arrived or is counted in Lag. Before everything was
	// scanned once it is the time since the Mirror was made.
	Behind time.Duration
	// Stuck is how many objects are known that could not be copied, and are left to the
	// audit. Most are one of the following; the others failed again and again.
	Stuck int
	// Damaged objects have parts that cannot be read. TooLarge are objects that fit into
	// neither cluster any more, with what both of them have: what is in the one and not
	// in the other stays so. Incomplete objects lack a block in one of the clusters, and
	// nobody has it; see aerospike.Engine.GiveUpBlock. Foreign records are not of this
	// library: somebody else writes to the set.
	Damaged, TooLarge, Incomplete, Foreign int

	Scans, Failed int64 // scans, and those of them in which something failed
	Examined      int64 // objects that were read on both sides
	Copied        int64 // writes
	Bytes         int64 // written
}

// AuditStats are those of the audit of a link.
type AuditStats struct {
	A, B string
	// Passes is how many times all records were compared. Last is how long the last
	// pass took, Ended when it was over, and Missed how many partitions it could not
	// compare: such a pass is not counted.
	Passes int64
	Last   time.Duration
	Ended  time.Time
	Missed int
	// Part is how much of the present pass is done, from 0 to 1.
	Part float64
	// Differed is how many records were not known to be equal and were loaded, most
	// of which are equal.
	Differed int64
}

// Stats returns the present figures. It is safe for concurrent use.
func (m *Mirror) Stats() Stats {
	s := Stats{RecordSize: m.sizeLimit.get()}
	for _, p := range m.peers {
		at, _ := p.monitor.Last()
		s.Clusters = append(s.Clusters, ClusterStats{
			Name: p.cluster.Name, Settled: at.Settled, Epoch: at.Epoch, Concurrency: p.limiter.open(),
			Incomplete: p.missing(), Blocks: p.blocksWritten(),
		})
	}
	now := m.cfg.Now()
	for _, d := range m.directions() {
		s.Directions = append(s.Directions, d.stats(now, m.made))
	}
	for _, l := range m.links {
		s.Audits = append(s.Audits, l.stats())
	}
	return s
}

func (d *direction) stats(now, made time.Time) DirectionStats {
	f := &d.figures
	s := DirectionStats{
		From: d.from.cluster.Name, To: d.to.cluster.Name,
		Scans: f.scans.Load(), Failed: f.failed.Load(), Examined: f.examined.Load(),
		Copied: f.copied.Load(), Bytes: f.bytes.Load(),
	}
	n, since := d.undelivered.count()
	for _, objects := range n {
		s.Stuck += objects
	}
	s.Damaged, s.TooLarge, s.Incomplete, s.Foreign = n[damaged], n[tooLarge], n[incomplete], n[foreign]
	for _, g := range d.groups {
		at, failed := g.progress()
		if at.IsZero() {
			at = made
		}
		s.Behind = max(s.Behind, now.Sub(at))
		if failed {
			since = earlier(since, at)
		}
	}
	if !since.IsZero() {
		s.Lag = now.Sub(since)
	}
	return s
}

// progress returns the cursor, and whether a change after it is known that was not
// copied.
func (g *group) progress() (at time.Time, failed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at, g.failed
}

// earlier returns the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func (l *link) stats() AuditStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.AuditStats
	s.Part = float64(l.set*cluster.Partitions+l.next) / float64(l.partitions())
	return s
}

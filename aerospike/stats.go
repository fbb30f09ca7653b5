package aerospike

// Stats are the figures of an Engine at one moment. Those that are int64 count what
// happened since Open and never fall; those that are int tell what there is. The
// failures among them were dealt with: what the caller must know is in his error.
type Stats struct {
	// Changes is how many changes came into records: those of Updates, the deltas of
	// Merges, and what was merged again. Appends is how many writes that took, and
	// Together how many of the changes shared theirs with others.
	Changes, Appends, Together int64
	// Retries is how many attempts at reads and appends were repeated: the key was
	// busy (KEY_BUSY), a node overloaded or out of reach, or the record full.
	Retries int64
	// Full is how many appends were refused by a record that had grown by
	// Config.QueueSize, which is then folded; or, at times, since it was not as it was
	// known to be.
	Full int64
	// Stale is how many times a transaction ran again, because the object was newer
	// in the cluster than what was remembered.
	Stale int64
	// Folds is how many queues were folded, and FoldsLost how many attempts at that
	// came too late, since somebody else was faster.
	Folds, FoldsLost int64

	// Doubts is how many Updates ended in doubt (InDoubtError), and InDoubt how many
	// changes are in doubt now, with those that the process before left.
	Doubts  int64
	InDoubt int

	// Behind is how many reads met a copy of a record that lacked something of what is
	// remembered, and were made again of the newest. Regressions is how many met the
	// newest so: the record went back. Mended is how many times such a record got what
	// it lacked. As much as one of these grows, the cluster loses what it acknowledged.
	Behind, Regressions, Mended int64
	// Remerged is how many changes that this process keeps were missing in the cluster and
	// were merged again; see Remerge. Some may never have been there: they were in doubt.
	Remerged int64
	// Scrubs is how many rounds of Config.Scrub are over, and Scrubbed how many
	// objects were read for it.
	Scrubs, Scrubbed int64

	// Incomplete is how many objects are known that cannot be read, since a block of them
	// is missing (ErrIncomplete), and Oversized how many that have no room for more: changes
	// which add something are refused (ErrStateTooLarge), and where datacenters have
	// records of their own, this one's cannot take in what the others have. Restored is
	// how many blocks were missing in the cluster and were written again.
	Incomplete, Oversized int
	Restored              int64

	// KeptChanges is how many changes this process keeps, on their way, in doubt or
	// acknowledged (Config.KeepTime), and KeptBytes the size of those that were acknowledged. Objects is how many are remembered, and
	// CacheBytes what those take in memory that are not in use; see Config.CacheBytes.
	KeptChanges, KeptBytes, Objects, CacheBytes int
}

// Stats returns the present figures. It is cheap, and safe for concurrent use, also
// after Close.
func (e *Engine) Stats() Stats {
	c := &e.counts
	s := Stats{
		Changes: c.changes.Load(), Appends: c.appends.Load(), Together: c.together.Load(),
		Retries: c.retries.Load(), Full: c.full.Load(), Stale: c.stale.Load(),
		Folds: c.folds.Load(), FoldsLost: c.foldsLost.Load(),
		Doubts: c.doubts.Load(), InDoubt: int(e.ledger.figures.open.Load()),
		Behind: c.behind.Load(), Regressions: c.regressions.Load(), Mended: c.mended.Load(), Remerged: c.remerged.Load(),
		Scrubs: c.scrubs.Load(), Scrubbed: c.scrubbed.Load(),
		Restored: c.restored.Load(),
	}
	objects, bytes := e.objects.count()
	s.Objects, s.CacheBytes = objects, int(bytes)
	s.KeptChanges, s.KeptBytes = int(e.ledger.figures.changes.Load()), int(e.ledger.figures.size.Load())
	s.Incomplete, s.Oversized = e.noticed.counts()
	return s
}

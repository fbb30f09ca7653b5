package replication

// Delta is a frame to be merged into the object under Key.
type Delta struct {
	Key   string
	Frame []byte
}

// Book is one of the core's own records.
type Book struct {
	Key   string
	Value []byte
}

// Batch is what one step of the core changes: deltas, and books to put and to
// delete. No key stands in both Puts and Deletes.
type Batch struct {
	Deltas  []Delta
	Puts    []Book
	Deletes []string
}

// IsEmpty reports whether there is nothing to write.
func (b *Batch) IsEmpty() bool { return len(b.Deltas)+len(b.Puts)+len(b.Deletes) == 0 }

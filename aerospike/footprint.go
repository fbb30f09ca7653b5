package aerospike

import "sync/atomic"

// footprint is an estimate of the memory that a value takes, rather too high. It is
// counted anew when what was merged since may have changed it by much: that is O(value),
// and comes after frames of a share of its bytes, so it is O(1) for each of their bytes.
type footprint struct {
	of      *atomic.Int64 // to which told is added
	told    int64
	counted int64 // when it was counted last
	merged  int64 // bytes of frames since then
}

const (
	// A byte of a frame takes frameMemory bytes of memory, or less, in what is
	// remembered, in the state of transactions and in the delta that waits for them.
	frameMemory = 32
	// frameSlack is how much may be merged, as memory, before it is counted.
	frameSlack = 16 << 10

	objectMemory = 1024 // of an object beside its values, and what leads to it
	valueMemory  = 512  // of a value beside what it remembers
	keyMemory    = 32   // of a key in a keySet
	workMemory   = 3    // of the state of transactions, in times of what is remembered
)

// grew takes note that a frame of n bytes was merged. V.mu is held.
func (v *value) grew(n int) {
	m := &v.memory
	m.merged += int64(n)
	if frameMemory*m.merged > m.counted+frameSlack {
		v.weigh()
		return
	}
	m.tell(m.counted + frameMemory*m.merged)
}

// weigh counts what the value takes. The state of transactions is a copy of what is
// remembered, with tables in which entries are found, and is not looked at: it belongs
// to whoever has the turn. V.mu is held.
func (v *value) weigh() {
	n := v.seen.Memory()
	if v.work.state != nil {
		n += workMemory * n
	}
	for _, d := range v.work.learned {
		n += d.Memory()
	}
	keys := len(v.entries)
	for i := range v.others {
		keys += len(v.others[i].entries)
	}
	n += valueMemory + keys*keyMemory
	m := &v.memory
	m.counted, m.merged = int64(n), 0
	m.tell(m.counted)
}

func (m *footprint) tell(n int64) {
	m.of.Add(n - m.told)
	m.told = n
}

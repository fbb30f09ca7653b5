package view

// never marks a write that no message brought to a replica.
const never = -1

// arrives reports whether the message got to its receiver.
func (m *Message) arrives() bool {
	return m.Fate == FateDelivered || m.Fate == FateDuplicate || m.Fate == FateStale
}

// teaches reports whether the receiver took in what the message carried.
func (m *Message) teaches() bool {
	return m.Fate == FateDelivered || m.Fate == FateDuplicate
}

// opIndex maps the IDs of the writes to their places in ops.
func opIndex(ops []Op) map[int]int {
	at := make(map[int]int, len(ops))
	for i, o := range ops {
		at[o.ID] = i
	}
	return at
}

// reach returns, for each write and replica, when the replica learnt of the
// write: when it made it, or when the first message carrying it arrived.
func reach(r *Run, at map[int]int) [][]int64 {
	n := len(r.Replicas)
	flat := make([]int64, len(r.Ops)*n)
	for i := range flat {
		flat[i] = never
	}
	learnt := make([][]int64, len(r.Ops))
	for i, o := range r.Ops {
		learnt[i] = flat[i*n : (i+1)*n]
		learnt[i][o.Replica] = o.T
	}
	for i := range r.Messages {
		m := &r.Messages[i]
		if !m.teaches() || m.Arrived > r.Duration {
			continue
		}
		for _, id := range m.Ops {
			o, ok := at[id]
			if !ok {
				continue
			}
			if was := learnt[o][m.To]; was == never || m.Arrived < was {
				learnt[o][m.To] = m.Arrived
			}
		}
	}
	return learnt
}

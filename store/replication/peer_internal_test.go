package replication

import "testing"

// TestDebtsAreBounded: a peer that is away costs no more than the log keeps.
func TestDebtsAreBounded(t *testing.T) {
	t.Parallel()
	var p peer
	for pos := range uint64(10_000) {
		first := uint64(0)
		if pos > 50 {
			first = pos - 50 // the log keeps fifty
		}
		p.owe(pos, first)
		p.fresh = len(p.owed)
	}
	if len(p.owed) > 51 || p.fresh != len(p.owed) || p.owed[0].pos != 9949 {
		t.Errorf("%d debts from position %d, %d of them sent, for a log of fifty", len(p.owed), p.owed[0].pos, p.fresh)
	}
}

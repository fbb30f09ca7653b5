package crdttest_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

// Scores is a lattice of one's own: the best score of each player.
type Scores struct{ best map[string]uint64 }

// Submit is a mutator: it makes the delta, and Record does the rest.
func (s *Scores) Submit(tx *crdt.Tx, player string, points uint64) {
	if player == "" || points == 0 {
		tx.Fail(errors.New("scores: no player, or no points"))
		return
	}
	crdt.Record(tx, s, &Scores{map[string]uint64{player: points}})
}

// Merge implements crdt.Lattice.
func (s *Scores) Merge(delta *Scores) (changed bool) {
	if delta == nil {
		return false
	}
	for player, points := range delta.best {
		if points > s.best[player] {
			s.best[player], changed = points, true
		}
	}
	return changed
}

// Equal implements crdt.Lattice.
func (s *Scores) Equal(o *Scores) bool { return maps.Equal(s.best, o.best) }

// Clone implements crdt.Lattice.
func (s *Scores) Clone() *Scores { return &Scores{maps.Clone(s.best)} }

// IsBottom implements crdt.Lattice.
func (s *Scores) IsBottom() bool { return s == nil || len(s.best) == 0 }

// ScoresKind is the type's registered form. Players are in order, so equal scores
// have equal bytes.
var ScoresKind = crdt.Kind[*Scores]{
	Name:    "arcade/scores",
	Version: 1,
	New:     func() *Scores { return &Scores{map[string]uint64{}} },
	Append: func(b []byte, s *Scores) ([]byte, error) {
		for _, player := range slices.Sorted(maps.Keys(s.best)) {
			b = wire.AppendUvarint(wire.AppendBytes(b, player), s.best[player])
		}
		return b, nil
	},
	Decode: func(b []byte) (*Scores, error) {
		s, last := &Scores{map[string]uint64{}}, ""
		r := wire.NewReader(b)
		for r.Err() == nil && r.Len() > 0 {
			player, points := string(r.Bytes()), r.Uvarint()
			if r.Err() == nil && (player <= last || points == 0) {
				r.Failf("%d points of player %q behind %q", points, player, last)
			}
			s.best[player], last = points, player
		}
		return s, r.Done()
	},
}

// The laws of a type are one test: its kind, and how to change it at random.
func ExampleLaws() {
	test := func(t *testing.T) { // func TestScores(t *testing.T)
		t.Helper()
		crdttest.Laws(t, ScoresKind, func(t *rapid.T, tx *crdt.Tx, s *Scores) {
			player := rapid.SampledFrom([]string{"ann", "bob", ""}).Draw(t, "player")
			s.Submit(tx, player, rapid.Uint64Range(0, 300).Draw(t, "points"))
		})
	}
	_ = test

	a, b := ScoresKind.New(), ScoresKind.New()
	submit := func(s *Scores, id clock.ReplicaID, player string, points uint64) *Scores {
		delta, err := crdt.Mutate(s, crdt.NewWriter(id, time.Now), func(tx *crdt.Tx, s *Scores) error {
			s.Submit(tx, player, points)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
		return delta
	}
	b.Merge(submit(a, 1, "ann", 70))
	a.Merge(submit(b, 2, "ann", 90))
	submit(b, 2, "", 5)
	fmt.Println(a.best, a.Equal(b))
	// Output:
	// scores: no player, or no points
	// map[ann:90] true
}

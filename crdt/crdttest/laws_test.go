package crdttest_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

func TestLawsOfScores(t *testing.T) {
	t.Parallel()
	crdttest.Laws(t, ScoresKind, func(t *rapid.T, tx *crdt.Tx, s *Scores) {
		player := rapid.SampledFrom([]string{"ann", "bob", "cem", ""}).Draw(t, "player")
		s.Submit(tx, player, rapid.Uint64Range(0, 300).Draw(t, "points"))
	})
}

func (f fault) laws(t *testing.T) {
	t.Helper()
	crdttest.Laws(t, f.kind(), func(t *rapid.T, tx *crdt.Tx, s *bag) {
		if f == alwaysFails {
			tx.Fail(errors.New("not today"))
		}
		for range rapid.IntRange(1, 2).Draw(t, "puts") {
			s.Put(tx, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "element"), rapid.Uint64Range(0, 5).Draw(t, "n"))
		}
	})
}

func TestLawsOfBag(t *testing.T) {
	t.Parallel()
	sound.laws(t)
}

type tags = map[string]int

// unsorted is a codec that leaves the order of a map's entries to chance.
var unsorted = crdt.Codec[tags]{
	Name:   "tags",
	Append: func(b []byte, v tags) ([]byte, error) { m, err := msgpack.Marshal(v); return append(b, m...), err },
	Decode: func(b []byte) (v tags, err error) { return v, msgpack.Unmarshal(b, &v) },
}

const (
	codecInOrder fault = "a codec depends on the order of a map"
	alwaysFails  fault = "the mutator always fails"
	codecAlone   fault = "a codec, by itself, depends on the order of a map"
)

// TestLawsReport checks that each fault is found, and called what it is. Each is
// tried in a process of its own, since there it fails the test.
func TestLawsReport(t *testing.T) {
	t.Parallel()
	tests := map[fault]string{
		keepsArgument:    "Merge keeps its argument|Merge or Clone keeps a part of its argument|Merge changed or kept its argument",
		changesArgument:  "Merge changed its argument",
		takesLast:        "took something back|Merge is not commutative",
		adds:             "not idempotent|state before merged with the delta",
		evicts:           "took something back|Merge is not|all deltas come out as|its deltas in order of making",
		changedAlways:    "Merge reported changed=true|not idempotent|took something back",
		changedByLength:  "Merge reported changed=false|did not report a change",
		wholeState:       "the delta is not minimal",
		bypassesRecord:   "a mutator changed it otherwise than by Record",
		changesThenFails: "a transaction that failed",
		draws:            "depends on the order of a map, a clock or chance",
		encodesInOrder:   "Append is not canonical",
		keepsInput:       "Decode keeps its input",
		acceptsTail:      "Decode accepted",
		acceptsAnyOrder:  "Decode accepted",
		panicsOnDamage:   "panic after",
		sharesClone:      "a Clone shares",
		equalByLength:    "Equal reports",
		neverBottom:      "not bottom",
		oneNew:           "not bottom|a new value",
		alwaysFails:      "transactions changed anything",
		codecInOrder:     "depends on the order of a map, a clock or chance",
		codecAlone:       "and as|which encodes as",
	}
	switch f := fault(os.Getenv("DOVETAIL_FAULT")); f {
	case sound:
	case codecAlone:
		crdttest.CodecLaws(t, unsorted, rapid.MapOfN(rapid.StringN(1, 3, 3), rapid.Int(), 0, 4))
		return
	case codecInOrder:
		crdttest.Laws(t, crdt.AWSetKind(unsorted), func(t *rapid.T, tx *crdt.Tx, s *crdt.AWSet[tags]) {
			s.Add(tx, rapid.SampledFrom([]tags{{"a": 1}, {"a": 1, "b": 2, "c": 3}}).Draw(t, "tags"))
		})
		return
	default:
		f.laws(t)
		return
	}
	for f, want := range tests {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLawsReport$", "-rapid.nofailfile", "-rapid.seed=1", "-rapid.shrinktime=0")
			cmd.Env = append(os.Environ(), "DOVETAIL_FAULT="+string(f))
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the laws hold")
			}
			for w := range strings.SplitSeq(want, "|") {
				if strings.Contains(string(out), w) {
					return
				}
			}
			t.Errorf("the laws fail with\n%.2000s\nwant one about %q", out, want)
		})
	}
}

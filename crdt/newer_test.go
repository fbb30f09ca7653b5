package crdt_test

import (
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A frame of a newer format is known by its version alone: how many fields it has
// and what they hold is for a newer binary.
func TestNewerFormatOfAnyShape(t *testing.T) {
	t.Parallel()
	for _, f := range [][]byte{{0x92, 3, 0}, {0x96, 3, 1, 2, 3, 4, 5}, {0x97, 3, 1, 2, 3, 4, 5, 6}, {0x9f, 0x7f}} {
		if _, err := untyped.FrameKind(f); !errors.Is(err, crdt.ErrVersion) {
			t.Errorf("FrameKind(% x) = %v, want ErrVersion", f, err)
		}
	}
	for _, f := range [][]byte{{0x90, 3}, {0x86, 3}, {0x95, 2}, {0x96, 0}, {0x96, 0x80}, {0x96}, {}} {
		if _, err := untyped.FrameKind(f); err == nil || errors.Is(err, crdt.ErrVersion) {
			t.Errorf("FrameKind(% x) = %v, want ErrCorrupt", f, err)
		}
	}
}

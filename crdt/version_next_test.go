//go:build nextformat

package crdt_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A program of the next format reads what this one wrote, writes it again for this one,
// and joins it with frames of its own; this one keeps what it cannot read.
func TestNextFormat(t *testing.T) {
	if untyped.FrameVersion != 3 || envelope.OldestVersion != 2 {
		t.Fatalf("formats %d to %d: the build tag is not set", envelope.OldestVersion, untyped.FrameVersion)
	}
	for _, g := range goldens() {
		t.Run(g.name, func(t *testing.T) {
			old := goldenFrame(t, goldenPath(g.name, envelope.OldestVersion))
			if old[1] != 2 || g.frame[1] != 3 {
				t.Fatalf("versions are %d and %d", old[1], g.frame[1])
			}
			checkGolden(t, g, old, envelope.OldestVersion)
			checkGolden(t, g, g.frame, untyped.FrameVersion)
			o := object(t, old)
			if changed, err := o.Merge(object(t, g.frame)); changed || err != nil {
				t.Errorf("merged with itself in the other format: %t, %v", changed, err)
			}
			h := o.ExtractSeen(&clock.Context{})
			b, err := h.AppendVersion(nil, envelope.OldestVersion)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := untyped.DecodeHeal(b); err != nil || !bytes.Equal(bytesOf(t, back.Delta), bytesOf(t, h.Delta)) {
				t.Errorf("a heal in the older format: %v", err)
			}
			newer := bytes.Clone(g.frame)
			newer[1]++
			if _, err := untyped.DecodeObject(newer); !errors.Is(err, crdt.ErrVersion) {
				t.Errorf("a frame of a format to come: %v", err)
			}
		})
	}
}

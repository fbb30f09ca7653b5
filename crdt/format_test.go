package crdt_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// formatExample returns the bytes of the example in FORMAT.md: of each line, the
// hexadecimal up to two blanks.
func formatExample(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```hex\n")
	block, _, end := strings.Cut(rest, "```")
	if !ok || !end {
		t.Fatal("FORMAT.md has no example")
	}
	var b []byte
	for line := range strings.Lines(block) {
		digits, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		some, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		b = append(b, some...)
	}
	return b
}

// The example in FORMAT.md is the frame of what it says.
func TestFormatExample(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.String)
	s := k.New()
	do(t, s, writer(10), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "milk") })
	example := formatExample(t)
	if want := frame(t, k, s); !bytes.Equal(example, want) {
		t.Errorf("the example is\n%x, the frame\n%x", example, want)
	}
	if back, err := crdt.DecodeFrame(k, example); err != nil || !back.Equal(s) {
		t.Errorf("the example decodes as %v, %v", back, err)
	}
}

// FORMAT.md names every kind of the package and the limits that it has.
func TestFormatNamesKinds(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		crdt.AWSetKind(crdt.String).Name, crdt.RWSetKind(crdt.String).Name, crdt.EWFlagKind().Name, crdt.DWFlagKind().Name,
		crdt.MVRegisterKind(crdt.String).Name, crdt.LWWRegisterKind(crdt.String).Name, crdt.CounterKind().Name,
		crdt.AWMapKind(crdt.String, crdt.CounterKind()).Name, crdt.DocKind().Name,
		crdt.GCounterKind().Name, crdt.PNCounterKind().Name, crdt.GSetKind(crdt.String).Name, crdt.MaxRegisterKind(crdt.String).Name,
		crdt.MinRegisterKind(crdt.String).Name, crdt.GMapKind(crdt.String, crdt.GCounterKind()).Name,
		crdt.BoundedCounterKind(0, math.MaxInt64).Name, crdt.BoundedCounterKind(1, math.MaxInt64).Name, crdt.BoundedCounterKind(1, 2).Name,
	} {
		stem, _, generic := strings.Cut(name, "<")
		if want := "`" + stem + map[bool]string{true: "<", false: "`"}[generic]; !bytes.Contains(text, []byte(want)) {
			t.Errorf("FORMAT.md does not tell of %s", name)
		}
	}
	if crdt.MaxFrame != 1<<28 || envelope.MaxName != 1024 || untyped.FrameVersion != 2 {
		t.Error("FORMAT.md tells other limits")
	}
	if !regexp.MustCompile(`version 2 of frames and of batches`).Match(text) {
		t.Error("FORMAT.md tells of other versions")
	}
}

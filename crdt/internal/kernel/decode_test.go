package kernel_test

import (
	"bytes"
	"testing"
)

// Bases stand in order of path, replica and run, each once.
func TestReadRefusesBasesOutOfOrder(t *testing.T) {
	t.Parallel()
	good := bases(2, true)
	if _, err := decode(good); err != nil {
		t.Fatal(err)
	}
	for name, first := range map[string]byte{"twice": 2, "descending": 3} {
		bad := bytes.Clone(good)
		bad[bytes.Index(bad, []byte{0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1})+7] = first
		if _, err := decode(bad); err == nil {
			t.Errorf("%s: Read accepted replica %d before 2", name, first)
		}
	}
}

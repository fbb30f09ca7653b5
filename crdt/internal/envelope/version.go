package envelope

import (
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// OldestVersion is the oldest version of the frame format that is read and written.
const OldestVersion = 2

// A bodyForm is how a version of the format writes and reads the body of a causal
// frame. Envelope and context are the same in all.
type bodyForm struct {
	append func(s *kernel.State, b []byte) []byte
	read   func(context, body *wire.Reader) *kernel.State
}

// bodyOf returns the form of a version from OldestVersion to Version.
func bodyOf(version int) bodyForm {
	if version == OldestVersion {
		return bodyForm{(*kernel.State).AppendBody, kernel.Read}
	}
	return laterBody(version)
}

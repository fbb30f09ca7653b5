package clock

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Sealer seals tokens under one key, as SealTokenExcept does, without making an HMAC
// each time, which takes as long as all the rest. Make one with NewSealer. It is safe
// for concurrent use.
type Sealer struct {
	key  []byte
	idle sync.Pool // of *mac
}

// NewSealer returns a Sealer under key, of at least 16 bytes, which it copies.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) < minTokenKey {
		return nil, fmt.Errorf("clock: token key of %d bytes: want at least %d", len(key), minTokenKey)
	}
	return &Sealer{key: bytes.Clone(key)}, nil
}

const minTokenKey = 16

// Seal is SealTokenExcept under the sealer's key.
func (s *Sealer) Seal(scope string, c, unapplied *Context) (Token, error) {
	version := byte(tokenVersion)
	if unapplied != nil && !unapplied.IsEmpty() {
		unapplied = c.Minus(c.Minus(unapplied)) // of other events the token says nothing
	}
	if unapplied != nil && !unapplied.IsEmpty() {
		version = tokenVersion2
	}
	var room [256]byte
	body, err := c.AppendBinary(append(room[:0], version))
	if err == nil && version == tokenVersion2 {
		body, err = unapplied.AppendBinary(body)
	}
	if err != nil {
		return Token{}, err
	}
	if len(body)+tokenMAC > MaxTokenBytes {
		// Not the zero token: that one would pass for a client that has seen nothing.
		return Token{raw: string([]byte{tokenRefused})}, fmt.Errorf("%w: %d bytes, at most %d", ErrTokenSize, len(body)+tokenMAC, MaxTokenBytes)
	}
	m, ok := s.idle.Get().(*mac)
	if !ok {
		m = newMAC(s.key)
	}
	defer s.idle.Put(m)
	return Token{raw: string(m.append(body, scope))}, nil
}

// mac is an HMAC under a key, with room for what it needs on the way.
type mac struct {
	hash       hash.Hash
	scope, sum []byte
}

func newMAC(key []byte) *mac { return &mac{hash: hmac.New(sha256.New, key)} }

// append appends to body what authenticates it in that scope.
func (m *mac) append(body []byte, scope string) []byte {
	m.hash.Reset()
	m.scope = wire.AppendBytes(m.scope[:0], scope)
	m.hash.Write(m.scope) // a hash never returns an error
	m.hash.Write(body)
	m.sum = m.hash.Sum(m.sum[:0])
	return append(body, m.sum[:tokenMAC]...)
}

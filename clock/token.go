package clock

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

const (
	tokenRefused  = 0  // no token could be given
	tokenVersion  = 1  // the context
	tokenVersion2 = 2  // the context, and what of it was not applied
	tokenMAC      = 16 // bytes of HMAC-SHA-256 that a token carries

	// MaxTokenBytes bounds a token. It is room for some two thousand intervals,
	// far beyond any healthy object.
	MaxTokenBytes = 32 << 10
)

// Token is the context of one object as a client last saw it: opaque,
// authenticated, and taken back with the client's next read or write. Clients
// keep and return it; only the stores, which hold the key, can make or open one.
// It is authenticated because a forged context could claim, and so delete, all
// that a replica will ever write.
//
// The zero Token stands for a client that has seen nothing. Tokens are
// comparable, but equal contexts sealed under different keys are different
// tokens.
type Token struct{ raw string }

// SealToken returns the token of an object's context. Key is the stores' shared
// secret and scope the object's key: a token opens under both or not at all. It
// keeps neither argument. If the context is too large for a token, the error matches
// ErrTokenSize, and the token opens as an error wherever it is handed back.
func SealToken(key []byte, scope string, c *Context) (Token, error) {
	return SealTokenExcept(key, scope, c, nil)
}

// SealTokenExcept is SealToken for a reader who has seen the fate of some events,
// unapplied, without all that they did: somebody ended what they made before they
// came. Nil and empty say that there are none, and give the token of SealToken.
func SealTokenExcept(key []byte, scope string, c, unapplied *Context) (Token, error) {
	s, err := NewSealer(key)
	if err != nil {
		return Token{}, err
	}
	return s.Seal(scope, c, unapplied)
}

// Open returns the context that SealToken was given, or an error that matches
// ErrToken. The zero Token opens as the empty context.
func (t Token) Open(key []byte, scope string) (*Context, error) {
	c, _, err := t.open(key, scope)
	return c, err
}

// OpenApplied returns the events that the client's reader had applied: the context
// without those that it was sealed as unapplied.
func (t Token) OpenApplied(key []byte, scope string) (*Context, error) {
	c, unapplied, err := t.open(key, scope)
	if err != nil || unapplied.IsEmpty() {
		return c, err
	}
	return c.Minus(unapplied), nil
}

func (t Token) open(key []byte, scope string) (c, unapplied *Context, err error) {
	if t.IsZero() {
		return &Context{}, &Context{}, nil
	}
	if t.raw[0] == tokenRefused {
		return nil, nil, fmt.Errorf("%w: it stands for a context that was too large for one (%w)", ErrToken, ErrTokenSize)
	}
	n := len(t.raw) - tokenMAC
	if n < 1 || len(t.raw) > MaxTokenBytes {
		return nil, nil, fmt.Errorf("%w: %d bytes", ErrToken, len(t.raw))
	}
	version := t.raw[0]
	if version != tokenVersion && version != tokenVersion2 {
		return nil, nil, fmt.Errorf("%w: version %d, known are %d and %d", ErrToken, version, tokenVersion, tokenVersion2)
	}
	if !hmac.Equal(appendMAC([]byte(t.raw[:n]), key, scope), []byte(t.raw)) {
		return nil, nil, fmt.Errorf("%w: altered, or sealed under another key or for another object", ErrToken)
	}
	r := wire.NewReader([]byte(t.raw[1:n]))
	c, unapplied = ReadContext(r), &Context{}
	if version == tokenVersion2 {
		if unapplied = ReadContext(r); r.Err() == nil && (unapplied.IsEmpty() || !c.Covers(unapplied)) {
			r.Failf("unapplied is %v of %v", unapplied, c)
		}
	}
	if err := r.Done(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return c, unapplied, nil
}

func appendMAC(body, key []byte, scope string) []byte {
	return newMAC(key).append(body, scope)
}

// IsZero reports whether t is the token of a client that has seen nothing.
func (t Token) IsZero() bool { return t.raw == "" }

// String returns the token in the URL-safe base64 alphabet without padding.
func (t Token) String() string { return base64.RawURLEncoding.EncodeToString([]byte(t.raw)) }

// MarshalText implements encoding.TextMarshaler with what String returns.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote. It checks form and size; only
// Open checks the seal.
func (t *Token) UnmarshalText(b []byte) error {
	if len(b) > base64.RawURLEncoding.EncodedLen(MaxTokenBytes) {
		return fmt.Errorf("%w: %d characters", ErrToken, len(b))
	}
	raw, err := base64.RawURLEncoding.Strict().AppendDecode(nil, b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	if base64.RawURLEncoding.EncodedLen(len(raw)) != len(b) {
		return fmt.Errorf("%w: line breaks inside", ErrToken) // which base64 skips
	}
	return t.UnmarshalBinary(raw)
}

// AppendBinary appends the token's bytes.
func (t Token) AppendBinary(b []byte) ([]byte, error) { return append(b, t.raw...), nil }

// MarshalBinary implements encoding.BinaryMarshaler.
func (t Token) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary takes the bytes that AppendBinary wrote. It checks the size;
// only Open checks the seal.
func (t *Token) UnmarshalBinary(b []byte) error {
	if len(b) > MaxTokenBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrToken, len(b), MaxTokenBytes)
	}
	t.raw = string(b)
	return nil
}

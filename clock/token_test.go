package clock_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

var tokenKey = func() []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}()

// token returns the token with these bytes.
func token(t testing.TB, raw []byte) clock.Token {
	t.Helper()
	var tok clock.Token
	if err := tok.UnmarshalBinary(raw); err != nil {
		t.Fatalf("token of %d bytes: %v", len(raw), err)
	}
	return tok
}

// forge seals any body under "scope", as a holder of the key could: MAC of the
// scope behind its length, then the body.
func forge(body []byte) []byte {
	const scope = "scope"
	h := hmac.New(sha256.New, tokenKey)
	h.Write(fmt.Appendf(nil, "%c%s%s", len(scope), scope, body))
	return append(slices.Clone(body), h.Sum(nil)[:16]...)
}

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := contexts().Draw(t, "context")
		key := rapid.SliceOfN(rapid.Byte(), 16, 80).Draw(t, "key")
		scope := rapid.String().Draw(t, "scope")
		tok, err := clock.SealToken(key, scope, want)
		if err != nil {
			t.Fatalf("SealToken(%v) = %v, want no error", want, err)
		}
		text, err := tok.MarshalText()
		if err != nil || string(text) != tok.String() {
			t.Fatalf("MarshalText() = %s, %v, want %v", text, err, tok)
		}
		var back clock.Token
		if err := back.UnmarshalText(text); err != nil || back != tok {
			t.Fatalf("UnmarshalText(%s) = %v, %v, want the same token", text, back, err)
		}
		if got, err := back.Open(key, scope); err != nil || !got.Equal(want) {
			t.Fatalf("Open() = %v, %v, want %v", got, err, want)
		}
		key[0] ^= 1
		if got, err := tok.Open(key, scope); !errors.Is(err, clock.ErrToken) {
			t.Fatalf("Open(other key) = %v, %v, want ErrToken", got, err)
		}
	})
}

func TestTokenOpenRefuses(t *testing.T) {
	t.Parallel()
	sealed := mustEncode(t, seal("1:1-7,9"))
	// Were scope and body sealed without a length between them, the token of an
	// empty context under one scope would open as dot 2 under a shorter one.
	moved := unhex("01 01" + id1 + "01")
	empty, err := clock.SealToken(tokenKey, "a"+string(moved), &clock.Context{})
	if err != nil {
		t.Fatal(err)
	}
	unsorted := unhex("01 02" + id2 + "01 0000" + id1 + "01 0000")
	for _, tt := range []struct {
		name  string
		raw   []byte
		key   []byte
		scope string
	}{
		{"other key", sealed, make([]byte, 32), "scope"},
		{"no key", sealed, nil, "scope"},
		{"part of the key", sealed, tokenKey[:31], "scope"},
		{"other scope", sealed, tokenKey, "scopf"},
		{"no scope", sealed, tokenKey, ""},
		{"longer scope", sealed, tokenKey, "scope\x00"},
		{"end of scope moved into body", append(moved, mustEncode(t, &empty)...), tokenKey, "a"},
		{"one byte", []byte{1}, tokenKey, "scope"},
		{"only a seal", forge(nil), tokenKey, "scope"},
		{"version 0", forge([]byte{0, 0}), tokenKey, "scope"},
		{"version 2 with one context", forge([]byte{2, 0}), tokenKey, "scope"},
		{"version 2 with nothing unapplied", forge([]byte{2, 0, 0}), tokenKey, "scope"},
		{"unapplied outside the context", forge(append([]byte{2, 0}, unhex("01"+id1+"01 0000")...)), tokenKey, "scope"},
		{"version 3", forge([]byte{3, 0}), tokenKey, "scope"},
		{"no context", forge([]byte{1}), tokenKey, "scope"},
		{"trailing byte in the seal", forge([]byte{1, 0, 0}), tokenKey, "scope"},
		{"unsorted context", forge(unsorted), tokenKey, "scope"},
		{"trailing byte", append(slices.Clone(sealed), 0), tokenKey, "scope"},
		{"all zero", make([]byte, 64), tokenKey, "scope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if c, err := token(t, tt.raw).Open(tt.key, tt.scope); !errors.Is(err, clock.ErrToken) || c != nil {
				t.Errorf("Open() = %v, %v, want ErrToken", c, err)
			}
		})
	}
}

// TestTokenUnapplied seals contexts of whose events some were not applied: a write
// takes all of it, and a wait for what was applied the rest.
func TestTokenUnapplied(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, unapplied := contexts().Draw(t, "context"), contexts().Draw(t, "unapplied")
		tok, err := clock.SealTokenExcept(tokenKey, "scope", c, unapplied)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tok.Open(tokenKey, "scope"); err != nil || !got.Equal(c) {
			t.Fatalf("Open() = %v, %v, want %v", got, err, c)
		}
		if got, err := tok.OpenApplied(tokenKey, "scope"); err != nil || !got.Equal(c.Minus(unapplied)) {
			t.Fatalf("OpenApplied() = %v, %v, want %v", got, err, c.Minus(unapplied))
		}
		plain, err := clock.SealToken(tokenKey, "scope", c)
		if err != nil || (plain == tok) != c.Equal(c.Minus(unapplied)) {
			t.Fatalf("with %v unapplied the token is %v, without %v, %v", unapplied, tok, plain, err)
		}
		if _, err := tok.OpenApplied(tokenKey, "other"); !errors.Is(err, clock.ErrToken) {
			t.Fatalf("OpenApplied of another scope: %v", err)
		}
	})
}

func TestTokenFlippedBit(t *testing.T) {
	t.Parallel()
	sealed := mustEncode(t, seal("1:1-7,9 2:5"))
	for i := range 8 * len(sealed) {
		raw := slices.Clone(sealed)
		raw[i/8] ^= 1 << (i % 8)
		if c, err := token(t, raw).Open(tokenKey, "scope"); !errors.Is(err, clock.ErrToken) {
			t.Errorf("bit %d flipped: Open() = %v, %v, want ErrToken", i, c, err)
		}
	}
}

func TestTokenCut(t *testing.T) {
	t.Parallel()
	sealed := mustEncode(t, seal("1:1-7,9 2:5"))
	for n := 1; n < len(sealed); n++ { // the empty token is the zero one
		if c, err := token(t, sealed[:n]).Open(tokenKey, "scope"); !errors.Is(err, clock.ErrToken) {
			t.Errorf("cut at %d: Open() = %v, %v, want ErrToken", n, c, err)
		}
	}
}

func TestTokenSealedCorrupt(t *testing.T) {
	t.Parallel()
	_, err := token(t, forge([]byte{1, 0, 0})).Open(tokenKey, "scope")
	if !errors.Is(err, clock.ErrToken) || !errors.Is(err, clock.ErrCorrupt) {
		t.Errorf("Open(sealed, but no context) = %v, want ErrToken and ErrCorrupt", err)
	}
}

func TestTokenZero(t *testing.T) {
	t.Parallel()
	var zero clock.Token
	if !zero.IsZero() || zero.String() != "" {
		t.Errorf("zero token: IsZero %v, String %q, want true and none", zero.IsZero(), zero)
	}
	if c, err := zero.Open(tokenKey, "scope"); err != nil || !c.IsEmpty() {
		t.Errorf("zero token: Open() = %v, %v, want the empty context", c, err)
	}
	if seal("").IsZero() {
		t.Error("sealed empty context: IsZero() = true, want false")
	}
}

func TestSealTokenShortKey(t *testing.T) {
	t.Parallel()
	for n := range 18 {
		tok, err := clock.SealToken(make([]byte, n), "scope", ctx("1:1"))
		if (err == nil) != (n >= 16) || tok.IsZero() != (n < 16) {
			t.Errorf("SealToken(key of %d bytes) = %v, %v, want an error below 16", n, tok, err)
		}
	}
}

// TestSealTokenSize seals contexts on both sides of the bound: version and
// seal take 17 bytes, replica and counts 11, and an interval 2.
func TestSealTokenSize(t *testing.T) {
	t.Parallel()
	c := &clock.Context{}
	for i := range uint64((clock.MaxTokenBytes - 17 - 11) / 2) {
		c.Add(clock.Dot{Replica: 1, Seq: 2*i + 1})
	}
	tok, err := clock.SealToken(tokenKey, "scope", c)
	if n := len(mustEncode(t, &tok)); err != nil || n != clock.MaxTokenBytes {
		t.Fatalf("SealToken(large context) = %d bytes, %v, want %d", n, err, clock.MaxTokenBytes)
	}
	if got, err := tok.Open(tokenKey, "scope"); err != nil || !got.Equal(c) {
		t.Errorf("Open(large token) = %v, want what was sealed", err)
	}
	c.Add(clock.Dot{Replica: 1, Seq: c.Max(1) + 2})
	tok, err = clock.SealToken(tokenKey, "scope", c)
	if !errors.Is(err, clock.ErrTokenSize) || tok.IsZero() {
		t.Errorf("SealToken(larger context) = %d bytes, %v, want ErrTokenSize and not the zero token", len(mustEncode(t, &tok)), err)
	}
	var back clock.Token // handed out all the same, and back
	if err := back.UnmarshalText([]byte(tok.String())); err != nil {
		t.Fatalf("UnmarshalText: %v", err)
	}
	if c, err := back.OpenApplied(tokenKey, "scope"); !errors.Is(err, clock.ErrToken) || !errors.Is(err, clock.ErrTokenSize) {
		t.Errorf("Open of what stands for a token that was too large = %v, %v, want ErrToken and ErrTokenSize", c, err)
	}
}

func TestTokenUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text string }{
		{"padded", "AA=="},
		{"other alphabet", "+/+/"},
		{"not the alphabet", "A!"},
		{"half a byte", "A"},
		{"spare bits", "AB"},
		{"oversized", strings.Repeat("AAAA", clock.MaxTokenBytes/3+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := *seal("1:1")
			got := want
			if err := got.UnmarshalText([]byte(tt.text)); !errors.Is(err, clock.ErrToken) || got != want {
				t.Errorf("UnmarshalText() = %v, %v, want ErrToken and %v as before", got, err, want)
			}
		})
	}
	got, want := *seal("1:1"), *seal("1:1")
	if err := got.UnmarshalBinary(make([]byte, clock.MaxTokenBytes+1)); !errors.Is(err, clock.ErrToken) || got != want {
		t.Errorf("UnmarshalBinary(oversized) = %v, want ErrToken and the token as before", err)
	}
}

// TestSealer seals under several keys in turn, from several goroutines: what a sealer
// keeps of one token must not come into another, and the key that it was given is its
// caller's.
func TestSealer(t *testing.T) {
	keys := [][]byte{[]byte("0123456789abcdef"), []byte("fedcba9876543210"), bytes.Repeat([]byte{1}, 100)}
	c := &clock.Context{}
	c.Add(clock.Dot{Replica: 1, Seq: 1})
	body, err := c.AppendBinary([]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	var sealers []*clock.Sealer
	for _, key := range keys {
		given := bytes.Clone(key)
		s, err := clock.NewSealer(given)
		if err != nil {
			t.Fatal(err)
		}
		clear(given)
		sealers = append(sealers, s)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 300 {
				key, scope := keys[i%len(keys)], string(rune('a'+i%5))
				got, err := sealers[i%len(keys)].Seal(scope, c, nil)
				h := hmac.New(sha256.New, key)
				h.Write([]byte{byte(len(scope))})
				h.Write([]byte(scope))
				h.Write(body)
				want := append(slices.Clone(body), h.Sum(nil)[:16]...)
				if raw, _ := got.MarshalBinary(); err != nil || !bytes.Equal(raw, want) {
					t.Errorf("key %d, scope %q: %x, want %x, %v", i%len(keys), scope, raw, want, err)
				}
			}
		})
	}
	wg.Wait()
}

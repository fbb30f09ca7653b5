package store

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Kinds are the kinds that an engine knows besides those of package crdt, and what it has
// met of others. Engines keep one. It is safe for concurrent use; the zero value knows
// none.
type Kinds struct {
	mu      sync.Mutex
	known   []crdt.AnyKind
	unknown map[string]int
	logger  *slog.Logger
}

// Know makes kinds known. Of several of one name the first counts.
func (k *Kinds) Know(kinds ...crdt.AnyKind) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, kind := range kinds {
		name := untyped.KindName(kind)
		if !slices.ContainsFunc(k.known, func(o crdt.AnyKind) bool { return untyped.KindName(o) == name }) {
			k.known = append(slices.Clip(k.known), kind)
		}
	}
}

// LogTo has the first frame of each kind that cannot be joined logged. Nil logs none.
func (k *Kinds) LogTo(l *slog.Logger) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.logger = l
}

// Known returns the kinds. The slice does not change.
func (k *Kinds) Known() []crdt.AnyKind {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known
}

// Kept takes note of a frame that was kept beside the others, and why.
func (k *Kinds) Kept(key string, frame []byte, why error) {
	name, err := untyped.FrameKind(frame)
	switch {
	case errors.Is(err, crdt.ErrVersion):
		name = "of a newer format"
	case err != nil:
		name = "damaged"
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unknown == nil {
		k.unknown = make(map[string]int)
	}
	if k.unknown[name]++; k.unknown[name] == 1 && k.logger != nil {
		k.logger.Warn("store: frames of a kind are kept side by side, since they cannot be joined here",
			slog.String("kind", name), slog.String("key", key), slog.Any("error", why))
	}
}

// Unknown returns how many frames were kept, by kind.
func (k *Kinds) Unknown() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.unknown)
}

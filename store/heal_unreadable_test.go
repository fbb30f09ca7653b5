package store_test

import (
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestUnreadableObjectIsNotAskedForAgain: a peer that cannot read one of its objects
// sends the others once, and a few times more in an hour, and not for ever. What comes
// later is pushed meanwhile. When the peer has been away, it is asked at once.
func TestUnreadableObjectIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	const objects = 50
	w, a, b := filled(t, objects)
	sound := a.load
	a.load = func(key string) ([][]byte, error) {
		if key == "k02" {
			return nil, errors.New("bad sector")
		}
		return sound(key)
	}
	a.boot(true)
	w.drop(anything)
	sent := 0
	count := func(ticks int) {
		for range ticks {
			a.tick(1)
			b.tick(1)
			for len(w.wire) > 0 {
				for _, p := range w.take(anything) {
					if m, ok := p.message.(*replication.Frames); ok {
						sent += len(m.Items)
					}
					w.deliver(p)
				}
			}
		}
	}
	count(20_000) // 400 s
	if sent < objects || sent > 6*objects {
		t.Errorf("%d objects were sent in 400 s for %d", sent, objects)
	}
	b.shows("k03", "x")
	a.put("later", "x")
	count(50)
	b.shows("later", "x")
	a.load = sound
	for range 300 { // a is away
		b.tick(1)
		w.drop(anything)
	}
	count(600)
	b.shows("k02", "x")
	if !b.core.Applied().Covers(a.core.Applied()) {
		t.Errorf("vector of b is %v, of a %v", b.vector(), a.vector())
	}
}

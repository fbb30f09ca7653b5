package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestSessionBySize: objects that would not fit a message together travel apart.
func TestSessionBySize(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog, func(c *replication.CoreConfig) { c.SessionKeys, c.PushBytes = 16, 2000 })
	for _, key := range []string{"k1", "k2", "k3", "k4", "k5"} {
		a.put(key, string(make([]byte, 900)))
	}
	w.drop(anything)
	sent := serve(w, requestOf(w, b, a))
	var items []int
	for _, p := range sent {
		items = append(items, len(p.message.(*replication.Frames).Items))
	}
	if len(items) != 2 || items[0] != 3 || items[1] != 2 {
		t.Errorf("five objects of 900 bytes travel as %v, want three in the first message of 2000 bytes and two in the next", items)
	}
	w.deliver(sent[1], sent[0])
	if !b.core.Applied().Covers(a.core.Applied()) {
		t.Errorf("vector of b is %v after the whole session, that of a %v", b.vector(), a.vector())
	}
}

// TestUnreadableObjectBlocksNoOther: a peer gets all objects but the one that
// cannot be read, and its session does not end.
func TestUnreadableObjectBlocksNoOther(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	sound := a.load
	a.load = func(key string) ([][]byte, error) {
		if key == "k02" {
			return nil, errors.New("bad sector")
		}
		return sound(key)
	}
	a.boot(true)
	w.drop(anything)
	w.deliver(serve(w, requestOf(w, b, a))...)
	b.shows("k01", "x")
	b.shows("k03", "x")
	if b.core.Applied().Covers(spans(w.changes[0].span)) {
		t.Errorf("vector of b is %v after a session that lacked an object", b.vector())
	}
}

// TestHealWithoutTicks: a heal of many objects goes on as soon as the asker says what has
// arrived. It does not wait for ticks.
func TestHealWithoutTicks(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	w.run(5)
	w.isolate("a")
	const objects = 100 // a message each
	for i := range objects {
		b.put(fmt.Sprint("k", i), "x")
	}
	w.run(200)
	w.cut = nil
	for i := 0; !slices.ContainsFunc(w.wire, isRequest); i++ {
		if w.flush(); i > 500 {
			t.Fatal("a does not ask for a heal")
		}
		w.pass(1)
	}
	w.flush()
	for i := range objects {
		a.shows(fmt.Sprint("k", i), "x")
	}
}

func isRequest(p parcel) bool {
	_, ok := p.message.(*replication.Request)
	return ok
}

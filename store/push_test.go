package store_test

import (
	"fmt"
	"testing"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestPushUntilAcknowledged: a change that is lost is sent again, less and less
// often, and not once more after the acknowledgement.
func TestPushUntilAcknowledged(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	w.run(5)
	a.put("k", "x")
	w.drop(of[*replication.Push](from("a", "b")))
	var at []int
	for i := 1; i <= 90; i++ {
		a.tick(1)
		if n := len(w.take(of[*replication.Push](from("a", "b")))); n > 0 {
			at = append(at, i)
		}
	}
	if len(at) != 2 || at[0] != 25 || at[1] != 75 {
		t.Errorf("a change that nobody acknowledges is sent again after ticks %v, want 25 and 75", at)
	}
	w.drop(anything)
	a.tick(1)
	b.tick(30)
	w.deliver(w.take(from("b", "a"))...) // a sign of life, which acknowledges nothing
	w.run(200)
	b.shows("k", "x")
	w.drop(anything)
	for range 500 {
		a.tick(1)
		b.tick(1)
		if ps := w.take(of[*replication.Push]()); len(ps) > 0 {
			t.Fatalf("pushed again after the acknowledgement: %v", ps)
		}
		w.flush()
	}
}

// TestLostAcknowledgement: a repeated push is acknowledged again and changes
// nothing.
func TestLostAcknowledgement(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	w.run(5)
	a.put("k", "x")
	push := w.one(of[*replication.Push](from("a", "b")))
	w.deliver(push)
	was := b.image()
	for i := range 3 {
		b.tick(4)
		if ps := w.take(of[*replication.Hello](from("b", "a"))); len(ps) > 0 {
			t.Fatalf("round %d: acknowledged after less than AckTicks: %v", i, ps)
		}
		b.tick(1)
		ack := w.one(of[*replication.Hello](from("b", "a"))) // lost
		if !ack.message.(*replication.Hello).Have.Contains(w.changes[0].span) {
			t.Fatalf("round %d: acknowledgement %v is without the change", i, ack)
		}
		w.deliver(push)
	}
	if got := b.image(); got != was {
		t.Errorf("a push that came four times left\n%s, once\n%s", got, was)
	}
	b.tick(5)
	w.deliver(w.one(of[*replication.Hello](from("b", "a"))))
	a.tick(90)
	if ps := w.take(of[*replication.Push]()); len(ps) > 0 {
		t.Errorf("pushed again after the acknowledgement: %v", ps)
	}
}

// TestAcknowledgementRides: a push to a peer that waits for an acknowledgement
// brings it along.
func TestAcknowledgementRides(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	w.run(5)
	a.put("k", "x")
	w.deliver(w.one(of[*replication.Push](from("a", "b"))))
	b.put("k", "y")
	back := w.one(of[*replication.Push](from("b", "a")))
	if have := back.message.(*replication.Push).Have; have == nil || !have.Contains(w.changes[0].span) {
		t.Fatalf("push to a, which waits for an acknowledgement, has the vector %v", have)
	}
	w.deliver(back)
	b.tick(10)
	if ps := w.take(of[*replication.Hello](from("b", "a"))); len(ps) > 0 {
		t.Errorf("acknowledged twice: %v", ps)
	}
	a.tick(30)
	if ps := w.take(of[*replication.Push](from("a", "b"))); len(ps) > 0 {
		t.Errorf("pushed again after the acknowledgement: %v", ps)
	}
}

// TestIdle: stores with nothing to say send a hello each IdleTicks and no more.
func TestIdle(t *testing.T) {
	t.Parallel()
	w, a, b, c := trio(t)
	a.put("k", "x")
	b.put("k", "y")
	c.remove("k", "z")
	w.converge(200)
	w.run(100)
	var got [3]int
	for range 1000 {
		for i, n := range w.nodes {
			n.tick(1)
			for _, p := range w.wire {
				if _, ok := p.message.(*replication.Hello); !ok {
					t.Fatalf("idle stores send %v", p)
				}
			}
			got[i] += len(w.wire)
			w.flush()
		}
	}
	for i, n := range got {
		if n != 20 {
			t.Errorf("%s sent %d messages to two peers in 1000 idle ticks, want a hello each 100 to each", w.nodes[i].id, n)
		}
	}
}

// TestHelloAfterRelay: a store tells of foreign changes within HelloTicks,
// although it does not push them.
func TestHelloAfterRelay(t *testing.T) {
	t.Parallel()
	w, a, b, _ := trio(t)
	w.run(5)
	a.put("k", "x")
	w.deliver(w.one(of[*replication.Push](from("a", "b"))))
	w.drop(anything)
	for i := 1; ; i++ {
		b.tick(1)
		if len(w.take(of[*replication.Push](from("b", "")))) > 0 {
			t.Fatalf("b pushes a change that is not its own")
		}
		ps := w.take(of[*replication.Hello](from("b", "c")))
		if len(ps) > 0 {
			if i > 25 || !ps[0].message.(*replication.Hello).Have.Contains(w.changes[0].span) {
				t.Errorf("hello to c after %d ticks has the vector %v; want the new change in at most 25", i, ps[0].message.(*replication.Hello).Have)
			}
			return
		}
		if i > 25 {
			t.Fatalf("no hello to c %d ticks after the change", i)
		}
	}
}

// TestUnreachable: a peer that does not answer is sent signs of life only, and on
// its return all that it lacks, at once.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	w.run(5)
	w.isolate("b")
	a.put("k", "0")
	w.drop(anything)
	a.tick(101) // LostTicks of silence
	w.drop(anything)
	hellos := 0
	for i := range 1000 {
		if i%100 == 50 {
			a.put("k", string(rune('1'+i/100)))
		}
		a.tick(1)
		for _, p := range w.take(anything) {
			if _, ok := p.message.(*replication.Hello); !ok {
				t.Fatalf("tick %d: an unreachable peer is sent %v", i, p)
			}
			hellos++
		}
	}
	if hellos != 40 {
		t.Errorf("an unreachable peer was sent %d hellos in 1000 ticks, want one each 25", hellos)
	}
	w.cut = nil
	b.tick(100)
	w.deliver(w.take(from("b", "a"))...)
	push := w.one(of[*replication.Push](from("a", "b")))
	if n := len(push.message.(*replication.Push).Changes); n != 11 {
		t.Errorf("on its return the peer is pushed %d changes, want all 11", n)
	}
	w.deliver(push)
	b.shows("k", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ":")
}

// TestPushBytes: one message holds no more changes than PushBytes allow, but at
// least one.
func TestPushBytes(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, func(c *replication.CoreConfig) { c.PushBytes = 300 })
	w.run(5)
	w.isolate("b")
	for range 12 {
		a.put("key", "item")
	}
	a.put("large", string(make([]byte, 1000)))
	a.put("key", "last")
	w.drop(anything)
	a.tick(200)
	w.drop(anything)
	w.cut = nil
	b.tick(100)
	w.deliver(w.take(from("b", "a"))...)
	pushes := w.take(of[*replication.Push](from("a", "b")))
	total := 0
	for _, p := range pushes {
		m := p.message.(*replication.Push)
		total += len(m.Changes)
		if len(p.raw) > 400 && len(m.Changes) > 1 {
			t.Errorf("push of %d bytes holds %d changes; the limit is 300", len(p.raw), len(m.Changes))
		}
	}
	if total != 14 || len(pushes) < 4 || len(pushes) > 10 {
		t.Errorf("14 changes came in %d messages of %d changes in all", len(pushes), total)
	}
	w.deliver(pushes...)
	if !b.core.Applied().Covers(spans(w.changes[13].span)) {
		t.Errorf("b lacks the last change")
	}
}

// TestPushBeforeFirstTick: changes are pushed at once also before time has
// passed.
func TestPushBeforeFirstTick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open("a", "b")
	for i := range 3 {
		a.put("k", string(rune('x'+i)))
		if n := len(w.take(of[*replication.Push](from("a", "b")))); n != 1 {
			t.Errorf("change %d, made before the first tick, came in %d pushes, want at once in one", i+1, n)
		}
	}
}

// TestVectorBesidePushes: a store that writes all the time tells its vector too, or a
// peer that only reads would never learn that it lacks something else.
func TestVectorBesidePushes(t *testing.T) {
	t.Parallel()
	t.Run("relay", func(t *testing.T) { // a - b - c
		t.Parallel()
		w := newWorld(t)
		a, b, c := w.open("a", "b"), w.open("b", "a c"), w.open("c", "b")
		w.run(5)
		c.put("k", "x")
		for i := range 1000 {
			if i%10 == 0 {
				b.put("busy", fmt.Sprint(i))
			}
			w.run(1)
		}
		a.shows("k", "x")
	})
	t.Run("heal", func(t *testing.T) {
		t.Parallel()
		w, a, b := pair(t, shortLog)
		w.run(5)
		w.isolate("a")
		for i := range 50 {
			b.put(fmt.Sprint("k", i), "x")
			w.run(10)
		}
		w.cut = nil
		a.tick(100) // its sign of life is the first message after the cut
		w.flush()
		for i := range 1000 {
			if i%10 == 0 {
				b.put("busy", fmt.Sprint(i))
			}
			w.run(1)
		}
		a.shows("k0", "x")
	})
}

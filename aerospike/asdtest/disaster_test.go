package asdtest_test

import (
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// stepClock is a clock that the test moves.
type stepClock struct{ ms atomic.Int64 }

func newClock() *stepClock {
	c := &stepClock{}
	c.ms.Store(1_700_000_000_000)
	return c
}

func (c *stepClock) now() time.Time       { return time.UnixMilli(c.ms.Load()) }
func (c *stepClock) step(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func put(t *testing.T, client *as.Client, k *as.Key, bin string, val any) {
	t.Helper()
	ok(t, client.PutBins(wp(), k, as.NewBin(bin, val)))
}

func bins(t *testing.T, client *as.Client, k *as.Key) string {
	t.Helper()
	r, err := client.Get(nil, k)
	return outcome(r, err)
}

// TestSplitHeals: both sides take writes, and every way to heal keeps one of them
// whole.
func TestSplitHeals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		policy string
		winner asdtest.Winner
		want   string
	}{
		{"a", "", asdtest.WinnerA, "gen 3 bins{a:int(2) base:int(0)}"},
		{"b", "", asdtest.WinnerB, "gen 2 bins{b:int(1) base:int(0)}"},
		{"generation", "", asdtest.WinnerByPolicy, "gen 3 bins{a:int(2) base:int(0)}"},
		{"last update", "last-update-time", asdtest.WinnerByPolicy, "gen 2 bins{b:int(1) base:int(0)}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := fake(t, asdtest.WithClock(clock.now))
			if tt.policy != "" {
				s.c.Set("test", "conflict-resolution-policy", tt.policy)
			}
			k, onlyB := fresh(t), fresh(t)
			put(t, s.client, k, "base", 0)
			key := pairs(ask(t, s, "statistics"))["cluster_key"]
			split, err := s.c.Split()
			if err != nil {
				t.Fatal(err)
			}
			b := dial(t, split.Addr(asdtest.SideB))
			put(t, s.client, k, "a", 1)
			put(t, s.client, k, "a", 2)
			clock.step(time.Second)
			put(t, b, k, "b", 1) // later, but of a smaller generation
			put(t, b, onlyB, "x", 1)
			if got := bins(t, s.client, onlyB); got != "code 2" {
				t.Errorf("side A sees what side B wrote: %s", got)
			}
			split.Heal(tt.winner)
			if got := bins(t, s.client, k); got != tt.want {
				t.Errorf("after healing %s, want %s", got, tt.want)
			}
			if got, want := bins(t, b, k), bins(t, s.client, k); got != want {
				t.Errorf("the sides differ after healing: %s and %s", want, got)
			}
			if got := bins(t, s.client, onlyB); got != "gen 1 bins{x:int(1)}" {
				t.Errorf("what one side has alone: %s", got)
			}
			if pairs(ask(t, s, "statistics"))["cluster_key"] == key {
				t.Error("the cluster key did not change")
			}
		})
	}
}

// TestSplitAgain: a cluster may fall apart again, but not while it is apart, and not
// once it is closed.
func TestSplitAgain(t *testing.T) {
	t.Parallel()
	s, k := fake(t), fresh(t)
	for i := range 3 {
		split, err := s.c.Split()
		if err != nil {
			t.Fatal(err)
		}
		put(t, dial(t, split.Addr(asdtest.SideB)), k, "v", i)
		split.Heal(asdtest.WinnerB)
		split.Heal(asdtest.WinnerA) // it is healed
	}
	if got := bins(t, s.client, k); got != "gen 3 bins{v:int(2)}" {
		t.Errorf("after three splits %s", got)
	}
	if err := s.c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.c.Split(); err == nil {
		t.Error("a closed cluster was split")
	}
}

// TestGenerationTwins: both sides write once; the generations are equal and the
// contents are not, so a check of generations passes that should not.
func TestGenerationTwins(t *testing.T) {
	t.Parallel()
	s, k := fake(t), fresh(t)
	put(t, s.client, k, "v", "base")
	split, err := s.c.Split()
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.client, k, "v", "A")
	split.Serve(asdtest.SideB)
	put(t, s.client, k, "v", "B")
	seen, aerr := s.client.Get(nil, k)
	ok(t, aerr)
	split.Heal(asdtest.WinnerA)
	if got := bins(t, s.client, k); got != "gen 2 bins{v:string(A)}" {
		t.Errorf("after healing %s", got)
	}
	p := wp()
	p.GenerationPolicy, p.Generation = as.EXPECT_GEN_EQUAL, seen.Generation
	ok(t, s.client.PutBins(p, k, as.NewBin("v", "B again")))
}

// TestRestart: what was deleted comes back, or stays away, or nothing is left.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		what           asdtest.Recovered
		live, deleted  string
		expired, never string
	}{
		{"live", asdtest.RecoverLive, "gen 1 bins{a:int(1)}", "code 2", "code 2", "code 2"},
		{"zombies", asdtest.RecoverZombies, "gen 1 bins{a:int(1)}", "gen 2 bins{a:int(2)}", "code 2", "code 2"},
		{"nothing", asdtest.RecoverNothing, "code 2", "code 2", "code 2", "code 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := fake(t, asdtest.WithClock(clock.now), asdtest.WithSetting("nsup-period", "120"))
			live, deleted, expired, never := fresh(t), fresh(t), fresh(t), fresh(t)
			put(t, s.client, live, "a", 1)
			put(t, s.client, deleted, "a", 1)
			put(t, s.client, deleted, "a", 2)
			_, err := s.client.Delete(wp(), deleted)
			ok(t, err)
			ok(t, s.client.PutBins(as.NewWritePolicy(0, 10), expired, as.NewBin("a", 1)))
			clock.step(time.Minute)
			wantCode(t, s.client.Touch(wp(), expired), types.KEY_NOT_FOUND_ERROR)
			s.c.Restart(tt.what)
			fresh := dial(t, s.c.Addr())
			for k, want := range map[*as.Key]string{live: tt.live, deleted: tt.deleted, expired: tt.expired, never: tt.never} {
				if got := bins(t, fresh, k); got != want {
					t.Errorf("after the restart %s, want %s", got, want)
				}
			}
		})
	}
}

// TestRollback: a record gets an earlier version back, with its metadata.
func TestRollback(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s, k := fake(t, asdtest.WithClock(clock.now)), fresh(t)
	for i := range 3 {
		put(t, s.client, k, "v", i)
		clock.step(time.Second)
	}
	before, _ := s.c.Version("test", digest(k))
	if !s.c.Rollback("test", digest(k), 2) {
		t.Fatal("Rollback found no earlier version")
	}
	if got := bins(t, s.client, k); got != "gen 1 bins{v:int(0)}" {
		t.Errorf("after the rollback %s", got)
	}
	after, there := s.c.Version("test", digest(k))
	if !there || after.LastUpdate != before.LastUpdate-2000 || after.Generation != 1 {
		t.Errorf("version %+v after %+v", after, before)
	}
	s.c.Rollback("test", digest(k), 1)
	if got := bins(t, s.client, k); got != "gen 3 bins{v:int(2)}" {
		t.Errorf("after undoing it %s", got)
	}
	if s.c.Rollback("test", digest(fresh(t)), 1) || s.c.Rollback("test", digest(k), 100) {
		t.Error("Rollback found a version that never was")
	}
}

// TestExpiry: records go when their time has come, by the clock of the server; a
// blind write after that makes a record that does not expire.
func TestExpiry(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s, k := fake(t, asdtest.WithClock(clock.now), asdtest.WithSetting("nsup-period", "120")), fresh(t)
	ok(t, s.client.PutBins(as.NewWritePolicy(0, 100), k, as.NewBin("a", 1)))
	clock.step(99 * time.Second)
	read := as.ExpReadOp("ttl", as.ExpTTL(), as.ExpReadFlagDefault)
	ttl, err := s.client.Operate(wp2(as.TTLDontUpdate), k, as.TouchOp(), read)
	ok(t, err)
	if ttl.Bins["ttl"] != 1 {
		t.Errorf("ttl %v, want 1", ttl.Bins["ttl"])
	}
	clock.step(3 * time.Second)
	if got := bins(t, s.client, k); got != "code 2" {
		t.Errorf("after its time %s", got)
	}
	ok(t, s.client.PutBins(wp2(as.TTLDontUpdate), k, as.NewBin("b", 1)))
	clock.step(1000 * time.Hour)
	if got := bins(t, s.client, k); got != "gen 1 bins{b:int(1)}" {
		t.Errorf("a blind write after expiry made %s", got)
	}
}

func wp2(ttl uint32) *as.WritePolicy {
	p := wp()
	p.Expiration = ttl
	return p
}

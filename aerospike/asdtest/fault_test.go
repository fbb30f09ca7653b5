package asdtest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// add counts on a record and returns the error.
func add(s *server, k *as.Key) as.Error {
	p := wp()
	p.SocketTimeout, p.TotalTimeout = 300*time.Millisecond, 300*time.Millisecond
	return s.client.AddBins(p, k, as.NewBin("n", 1))
}

// count returns what add counted; 0 if there is no record.
func count(t *testing.T, s *server, k *as.Key) int {
	t.Helper()
	r, err := s.client.Get(nil, k)
	if err != nil {
		wantCode(t, err, types.KEY_NOT_FOUND_ERROR)
		return 0
	}
	return r.Bins["n"].(int)
}

func writes(o *asdtest.Op) bool { return o.Write }

// TestLostReplies: a reply is lost before or after the write is done; the client
// cannot tell, the record can.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault asdtest.Fault
		want  int // after one attempt
	}{
		{"before", asdtest.Fault{Match: writes, Times: 1, Apply: asdtest.ApplyNever, Reply: asdtest.LoseReply}, 0},
		{"after", asdtest.Fault{Match: writes, Times: 1, Reply: asdtest.LoseReply}, 1},
		{"silent before", asdtest.Fault{Match: writes, Times: 1, Apply: asdtest.ApplyNever, Reply: asdtest.SilentReply}, 0},
		{"silent after", asdtest.Fault{Match: writes, Times: 1, Reply: asdtest.SilentReply}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, k := fake(t), fresh(t)
			i := s.c.Inject(tt.fault)
			err := add(s, k)
			if err == nil || !err.IsInDoubt() {
				t.Errorf("error %v, want one in doubt", err)
			}
			if got := count(t, s, k); got != tt.want || i.Hits() != 1 {
				t.Errorf("%d were counted and %d lost, want %d and 1", got, i.Hits(), tt.want)
			}
			ok(t, add(s, k))
			if got := count(t, s, k); got != tt.want+1 {
				t.Errorf("%d were counted, want %d", got, tt.want+1)
			}
		})
	}
}

// TestLateWrites: a write is held until the test lets it go, or done twice.
func TestLateWrites(t *testing.T) {
	t.Parallel()
	s, k := fake(t), fresh(t)
	late := s.c.Inject(asdtest.Fault{Match: writes, Times: 2, Apply: asdtest.ApplyLate})
	if err := add(s, k); err == nil {
		t.Error("a write that is held was answered")
	}
	if err := add(s, k); err == nil {
		t.Error("a write that is held was answered")
	}
	ok(t, add(s, k))
	if got := count(t, s, k); got != 1 || late.Held() != 2 {
		t.Errorf("%d were counted and %d held, want 1 and 2", got, late.Held())
	}
	if n := late.Release(); n != 2 || count(t, s, k) != 3 {
		t.Errorf("%d were let go and %d counted, want 2 and 3", n, count(t, s, k))
	}
	twice := s.c.Inject(asdtest.Fault{Match: writes, Times: 1, Apply: asdtest.ApplyTwice})
	ok(t, add(s, k))
	if got := count(t, s, k); got != 4 {
		t.Errorf("%d were counted, want 4", got)
	}
	twice.Release()
	if got := count(t, s, k); got != 5 {
		t.Errorf("%d were counted, want 5", got)
	}
}

// TestCodes: any code, on the operations that are meant, as often as is meant.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, code := range []asdtest.Code{
		asdtest.KeyBusy, asdtest.DeviceOverload, asdtest.Unavailable, asdtest.OutOfSpace, asdtest.Forbidden, 99,
	} {
		s, k, other := fake(t), fresh(t), fresh(t)
		d := digest(k)
		s.c.Inject(asdtest.Fault{
			Match: func(o *asdtest.Op) bool { return o.Write && o.Digest == d && o.Set == testSet && o.Namespace == "test" },
			Skip:  1, Times: 1, Code: code,
		})
		ok(t, add(s, k))
		ok(t, add(s, other))
		wantCode(t, add(s, k), types.ResultCode(code))
		ok(t, add(s, k))
		if got := count(t, s, k); got != 2 {
			t.Errorf("%d were counted, want 2", got)
		}
	}
}

// TestMatch: what a fault sees of an operation.
func TestMatch(t *testing.T) {
	t.Parallel()
	s := fake(t)
	var mu sync.Mutex
	var seen []asdtest.Op
	s.c.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, *o)
		return false
	}})
	p := wp()
	p.SendKey = true
	k := key(t, "the key")
	ok(t, s.client.PutBins(p, k, as.NewBin("a", 1)))
	_, err := s.client.Get(nil, k)
	ok(t, err)
	_, err = s.client.Exists(nil, k)
	ok(t, err)
	ok(t, s.client.Touch(p, k))
	_, err = s.client.Operate(p, k, as.MapSizeOp("m"), as.GetBinOp("a"))
	ok(t, err)
	_, err = s.client.BatchGet(nil, []*as.Key{k, k})
	ok(t, err)
	_, err = s.client.Delete(p, k)
	ok(t, err)
	mu.Lock()
	defer mu.Unlock()
	want := []asdtest.Kind{
		asdtest.Put, asdtest.Get, asdtest.Exists, asdtest.Touch, asdtest.Operate, asdtest.Get, asdtest.Get, asdtest.Delete,
	}
	if len(seen) != len(want) {
		t.Fatalf("the fault saw %d operations, want %d", len(seen), len(want))
	}
	for i, o := range seen {
		batch, write := i == 5 || i == 6, i == 0 || i == 3 || i == 7
		if o.Kind != want[i] || o.Batch != batch || o.Write != write || o.Digest != digest(k) {
			t.Errorf("operation %d is %+v, want kind %d", i, o, want[i])
		}
	}
	if seen[0].Key != any("the key") || len(seen[4].Bins) != 2 || seen[4].Bins[1] != "a" {
		t.Errorf("key %v and bins %v", seen[0].Key, seen[4].Bins)
	}
}

// TestPendingLimit: a slow write has others of its key queue up, and those for which
// there is no room are refused.
func TestPendingLimit(t *testing.T) {
	t.Parallel()
	s, k := fake(t), fresh(t)
	slow := s.c.Inject(asdtest.Fault{Match: writes, Times: 1, Delay: time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	const writers = 40
	codes := make(chan types.ResultCode, writers)
	write := func() {
		err := s.client.AddBins(wp(), k, as.NewBin("n", 1))
		if err != nil {
			codes <- code(err)
			return
		}
		codes <- types.OK
	}
	go write()
	if err := slow.Wait(ctx, 1); err != nil {
		t.Fatal(err)
	}
	for range writers - 1 {
		go write()
	}
	got := make(map[types.ResultCode]int)
	for range writers {
		got[<-codes]++
	}
	// One is at work, 21 wait, as on the real server, whose limit of 20 is counted so.
	if got[types.OK] != 22 || got[types.KEY_BUSY] != writers-22 {
		t.Errorf("outcomes %v, want 22 done and the others busy", got)
	}
	if n := count(t, s, k); n != got[types.OK] {
		t.Errorf("%d were counted, want %d", n, got[types.OK])
	}
	if n := pairs(ask(t, s, "namespace/test"))["fail_key_busy"]; n != "18" {
		t.Errorf("fail_key_busy %s, want 18", n)
	}
}

// TestStaleRead: a replica that is behind answers from an earlier version.
func TestStaleRead(t *testing.T) {
	t.Parallel()
	s, k := fake(t), fresh(t)
	for range 3 {
		ok(t, add(s, k))
	}
	i := s.c.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return !o.Write }, Stale: 2})
	r, err := s.client.Get(nil, k)
	ok(t, err)
	if r.Bins["n"] != 1 || r.Generation != 1 {
		t.Errorf("stale read: %s", outcome(r, nil))
	}
	all := as.NewPolicy()
	all.ReadModeAP = as.ReadModeAPAll
	r, err = s.client.Get(all, k)
	ok(t, err)
	if r.Bins["n"] != 3 {
		t.Errorf("a read of all replicas: %s", outcome(r, nil))
	}
	i.Remove()
	if got := count(t, s, k); got != 3 {
		t.Errorf("%d were counted, want 3", got)
	}
}

// TestBatchFaults: one record of a batch fails, or the reply to all of them is lost.
func TestBatchFaults(t *testing.T) {
	t.Parallel()
	s, a, b := fake(t), fresh(t), fresh(t)
	batch := func() ([]as.BatchRecordIfc, as.Error) {
		r := []as.BatchRecordIfc{
			as.NewBatchWrite(nil, a, as.AddOp(as.NewBin("n", 1))), as.NewBatchWrite(nil, b, as.AddOp(as.NewBin("n", 1))),
		}
		p := as.NewBatchPolicy()
		p.MaxRetries = 0
		return r, s.client.BatchOperate(p, r)
	}
	d := digest(a)
	one := func(o *asdtest.Op) bool { return o.Digest == d && o.Batch }
	s.c.Inject(asdtest.Fault{Match: one, Times: 1, Code: asdtest.DeviceOverload})
	r, err := batch()
	ok(t, err)
	if r[0].BatchRec().ResultCode != types.DEVICE_OVERLOAD || r[1].BatchRec().ResultCode != types.OK {
		t.Errorf("codes %v and %v, want overload and none", r[0].BatchRec().ResultCode, r[1].BatchRec().ResultCode)
	}
	s.c.Inject(asdtest.Fault{Match: one, Times: 1, Reply: asdtest.LoseReply})
	if _, err := batch(); err == nil {
		t.Error("a batch whose reply is lost succeeded")
	}
	if x, y := count(t, s, a), count(t, s, b); x != 1 || y != 2 {
		t.Errorf("%d and %d were counted, want 1 and 2", x, y)
	}
}

// TestScanUnavailable: a partition that is not there fails its scan until it is.
func TestScanUnavailable(t *testing.T) {
	t.Parallel()
	s := fake(t)
	set := scanSet(t, s, 1)
	want := fill(t, s, set, 200)
	i := s.c.Inject(asdtest.Fault{
		Match: func(o *asdtest.Op) bool { return o.Kind == asdtest.Scan && o.Partition == 7 },
		Times: 1, Code: asdtest.Unavailable,
	})
	got := scan(t, s, nil, set, nil) // the client asks again
	if len(got) != len(want) || i.Hits() != 1 {
		t.Errorf("scan found %d records after %d failures, want %d after 1", len(got), i.Hits(), len(want))
	}
}

// TestConnections: connections are refused and dropped, and the client comes back.
func TestConnections(t *testing.T) {
	t.Parallel()
	s, k := fake(t), fresh(t)
	ok(t, add(s, k))
	s.c.RefuseConnections(true)
	if err := add(s, k); err == nil {
		t.Error("a write without a connection succeeded")
	}
	s.c.AcceptConnections()
	deadline := time.Now().Add(20 * time.Second)
	for add(s, k) != nil { // the client needs its tend to find the node again
		if time.Now().After(deadline) {
			t.Fatal("the client does not come back")
		}
	}
	if got := count(t, s, k); got != 2 {
		t.Errorf("%d were counted, want 2", got)
	}
}

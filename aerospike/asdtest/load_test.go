package asdtest_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// TestManyWriters: writers of one key and of many, readers and scans at once; what
// was acknowledged is there, once.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	s := fake(t)
	hot := fresh(t)
	policy := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, 0)
	var acked, busy atomic.Int64
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			own := key(t, fmt.Sprint("own", w))
			for i := range 50 {
				_, err := s.client.Operate(wp(), hot, as.MapPutOp(policy, "q", dot{byte(w), byte(i)}, []byte("delta")))
				switch {
				case err == nil:
					acked.Add(1)
				case code(err) == types.KEY_BUSY:
					busy.Add(1)
				default:
					t.Error(err)
				}
				if err := s.client.AddBins(wp(), own, as.NewBin("n", 1)); err != nil {
					t.Error(err)
				}
				if _, err := s.client.Get(nil, hot, "q"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			scan(t, s, nil, testSet, nil)
		}
	})
	wg.Wait()
	r, err := s.client.Operate(wp(), hot, as.MapSizeOp("q"))
	ok(t, err)
	if got := int64(r.Bins["q"].(int)); got != acked.Load() || acked.Load()+busy.Load() != 16*50 {
		t.Errorf("the queue has %d deltas, %d were acknowledged and %d busy", got, acked.Load(), busy.Load())
	}
	for w := range 16 {
		if n := count(t, s, key(t, fmt.Sprint("own", w))); n != 50 {
			t.Errorf("writer %d counted %d, want 50", w, n)
		}
	}
}

// TestCloseEndsGoroutines: after Close nothing of the cluster runs, whatever was under
// way.
func TestCloseEndsGoroutines(t *testing.T) { //nolint:paralleltest // it counts goroutines
	before := runtime.NumGoroutine()
	for range 3 {
		a, err := asdtest.New(asdtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := asdtest.New(asdtest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		asdtest.NewLink(a, b, asdtest.LinkConfig{}).Run()
		if _, err := a.Split(); err != nil {
			t.Fatal(err)
		}
		slow := a.Inject(asdtest.Fault{Match: writes, Delay: time.Hour})
		client, aerr := as.NewClient(a.Host(), a.Port())
		ok(t, aerr)
		k := fresh(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			p := wp()
			p.TotalTimeout = 0
			client.PutBins(p, k, as.NewBin("a", 1)) //nolint:errcheck // it ends with the cluster
		}()
		if err := slow.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
		client.Close()
		<-done
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before+2 { // the client keeps one or two
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

func BenchmarkOperations(b *testing.B) {
	for _, bb := range []struct {
		name string
		do   func(client *as.Client, k *as.Key, n int) as.Error
	}{
		{"get", func(client *as.Client, k *as.Key, _ int) as.Error {
			_, err := client.Get(nil, k)
			return err
		}},
		{"put", func(client *as.Client, k *as.Key, _ int) as.Error {
			return client.PutBins(nil, k, as.NewBin("b", make([]byte, 100)))
		}},
		{"map put", func(client *as.Client, k *as.Key, n int) as.Error {
			policy := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, 0)
			_, err := client.Operate(nil, k, as.MapPutOp(policy, "q", dot{byte(n)}, make([]byte, 60)))
			return err
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			c := asdtest.Start(b)
			client, err := as.NewClient(c.Host(), c.Port())
			if err != nil {
				b.Fatal(err)
			}
			defer client.Close()
			keys := make([]*as.Key, 64)
			for i := range keys {
				if keys[i], err = as.NewKey("test", testSet, i); err != nil {
					b.Fatal(err)
				}
				if err := client.PutBins(nil, keys[i], as.NewBin("b", 1)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.SetParallelism(8)
			var n atomic.Int64
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := int(n.Add(1))
					if err := bb.do(client, keys[i%len(keys)], i/len(keys)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

package storetest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
)

// The engines of these tests are to fail: rapid need not shrink what it finds,
// nor write it down.
func TestMain(m *testing.M) {
	for k, v := range map[string]string{"rapid.shrinktime": "0s", "rapid.nofailfile": "true"} {
		if err := flag.Set(k, v); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// recorder is a tb whose failures fail nothing but itself.
type recorder struct {
	ctx    context.Context //nolint:containedctx // a stand-in for testing.T, which has one
	mu     sync.Mutex
	failed bool
	said   []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Name() string             { return "recorder" }
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) say(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, s)
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}
func (r *recorder) FailNow()                   { r.Fail(); runtime.Goexit() }
func (r *recorder) Log(args ...any)            { r.say(fmt.Sprint(args...)) }
func (r *recorder) Logf(f string, args ...any) { r.say(fmt.Sprintf(f, args...)) }
func (r *recorder) Error(args ...any)          { r.Log(args...); r.Fail() }
func (r *recorder) Errorf(f string, a ...any)  { r.Logf(f, a...); r.Fail() }
func (r *recorder) Fatal(args ...any)          { r.Log(args...); r.FailNow() }
func (r *recorder) Fatalf(f string, a ...any)  { r.Logf(f, a...); r.FailNow() }

// A check that leaves itself out checks nothing: that is a failure, with its words.

func (r *recorder) Skip(args ...any)         { r.Fatal("left out: " + fmt.Sprint(args...)) }
func (r *recorder) Skipf(f string, a ...any) { r.Fatalf("left out: "+f, a...) }
func (r *recorder) SkipNow()                 { r.Fatal("left out") }

// run runs one check on engines that open makes and returns what it recorded.
func run[E store.Engine](t *testing.T, c check[E], open func() E) *recorder {
	t.Helper()
	r := &recorder{ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		c.run(r, open)
	}()
	<-done
	return r
}

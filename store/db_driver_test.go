package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// journal is where a logger under test writes.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func logTo(j *journal) func(*store.Config) {
	return func(c *store.Config) { c.Logger = slog.New(slog.NewTextHandler(j, nil)) }
}

// TestBadMessages: damaged messages, and those of strangers, are logged and
// change nothing; what comes after them is taken.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		var said journal
		a, b := open(t, hub, "a", "b", logTo(&said)), hub.Join("b")
		stranger := hub.Join("x")
		hello := replication.AppendMessage(nil, &replication.Hello{Have: spans(span(9, 1, 9))})
		for _, m := range []struct {
			port store.Transport
			raw  []byte
		}{{b, nil}, {b, []byte("garbage")}, {b, hello[:5]}, {stranger, hello}} {
			if err := m.port.Send(t.Context(), "a", m.raw); err != nil {
				t.Fatalf("Send: %v", err)
			}
		}
		settle(time.Second)
		if n := strings.Count(said.String(), "message not taken"); n != 4 {
			t.Errorf("%d of 4 bad messages were logged:\n%s", n, said.String())
		}
		mustAdd(t, a, "k", "x")
		if v := a.Applied(); !v.Equal(spans(span(a.Replica(), 1, 1))) {
			t.Errorf("a has applied %v after bad messages and an update", v)
		}
	})
}

// ending is a transport that breaks.
type ending struct{ store.Transport }

func (ending) Receive(context.Context) (store.PeerID, []byte, error) {
	return "", nil, errors.New("socket gone")
}

// TestTransportEnds: without its transport a store goes on by itself.
func TestTransportEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		var said journal
		a := open(t, hub, "a", "b", logTo(&said), func(c *store.Config) { c.Transport = ending{c.Transport} })
		settle(time.Second)
		if !strings.Contains(said.String(), "socket gone") {
			t.Errorf("the end of the transport was not logged: %q", said.String())
		}
		mustAdd(t, a, "k", "x")
	})
}

// TestClockFollows: a store's clock follows what a peer wrote, on whatever
// object, but only up to its bound.
func TestClockFollows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		ahead   time.Duration
		follows bool
	}{{"within the bound", 30 * time.Second, true}, {"beyond it", 2 * time.Hour, false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hub := store.NewHub()
				a := open(t, hub, "a", "b")
				b := open(t, hub, "b", "a", func(c *store.Config) { c.Now = func() time.Time { return time.Now().Add(tt.ahead) } })
				set := func(db *store.DB, key string) clock.Timestamp {
					o := store.NewObjects(db, "reg/", crdt.LWWRegisterKind(crdt.String))
					if _, err := o.Update(t.Context(), key, func(tx *crdt.Tx, r *crdt.LWWRegister[string]) error {
						r.Set(tx, key)
						return nil
					}); err != nil {
						t.Fatal(err)
					}
					r, _, err := o.View(t.Context(), key)
					if err != nil {
						t.Fatal(err)
					}
					for s := range r.Siblings() {
						return s.Time
					}
					return 0
				}
				theirs := set(b, "one")
				settle(time.Second)
				if ours := set(a, "two"); (ours > theirs) != tt.follows {
					t.Errorf("a writes at %v after it saw a write at %v, %v ahead of its clock", ours.Time(), theirs.Time(), tt.ahead)
				}
			})
		})
	}
}

// lingering is a transport whose Receive ends some time after it was told to.
type lingering struct {
	store.Transport
	end chan struct{}
}

func (l lingering) Receive(ctx context.Context) (store.PeerID, []byte, error) {
	<-ctx.Done()
	<-l.end
	return "", nil, ctx.Err()
}

// TestCloseWaits: Close returns when nothing uses engine and transport any more.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		db := open(t, store.NewHub(), "a", "b", func(c *store.Config) { c.Transport = lingering{c.Transport, end} })
		closed := make(chan error, 1)
		go func() { closed <- db.Close() }()
		synctest.Wait()
		if len(closed) > 0 {
			t.Error("Close returned while Receive was under way")
		}
		close(end)
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// TestLargeUpdate: a transaction of more events than are reserved at a time.
func TestLargeUpdate(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	const n = 10_000
	if _, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		for i := range n {
			s.Add(tx, strconv.Itoa(i))
		}
		return nil
	}); err != nil {
		t.Fatalf("Update with %d adds: %v", n, err)
	}
	if !db.Applied().Contains(span(db.Replica(), 1, n)) {
		t.Errorf("after an update of %d events the vector is %v", n, db.Applied())
	}
	mustAdd(t, db, "k", "one more")
}

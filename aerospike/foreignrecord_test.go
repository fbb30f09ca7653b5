package aerospike_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// expiring returns a client of a cluster where records may expire until the test ends.
func expiring(t testing.TB) *as.Client {
	t.Helper()
	c := cluster(t)
	allow := func(is bool) {
		command := fmt.Sprintf("set-config:context=namespace;id=%s;allow-ttl-without-nsup=%t", namespace, is)
		for _, n := range c.GetNodes() {
			answer, err := n.RequestInfo(as.NewInfoPolicy(), command)
			if err != nil || !strings.EqualFold(answer[command], "ok") {
				t.Fatalf("%s: %v, %v", command, answer, err)
			}
		}
	}
	allow(true)
	t.Cleanup(func() { allow(false) })
	return c
}

// place puts bins under the one key, to expire in an hour.
func place(t testing.TB, c *as.Client, set string, bins as.BinMap) {
	t.Helper()
	k, err := as.NewKey(namespace, set, "k")
	if err != nil {
		t.Fatal(err)
	}
	p := as.NewWritePolicy(0, 3600)
	p.SendKey = true
	p.RecordExistsAction = as.REPLACE
	if err := c.Put(p, k, bins); err != nil {
		t.Fatal(err)
	}
}

// look returns the record of the tests' one key with its generation and its expiry.
func look(t testing.TB, c *as.Client, set string) *as.Record {
	t.Helper()
	k, err := as.NewKey(namespace, set, "k")
	if err != nil {
		t.Fatal(err)
	}
	rec, aerr := c.Get(nil, k)
	if aerr != nil {
		t.Fatal(aerr)
	}
	return rec
}

// TestRecordsThatAreNotOurs has records of another program, of another layout, and with
// bins beside ours under the keys of objects. Each is an error of its own type, and no
// record is changed by it.
func TestRecordsThatAreNotOurs(t *testing.T) {
	theirs := as.BinMap{"user": "ann", "balance": 7}
	beside := as.BinMap{"balance": 7}
	frame := func(t *testing.T) []byte {
		t.Helper()
		return astest.Delta(t, crdt.CounterKind(), 9, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
	}
	foreign := func(bins ...string) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*aerospike.ForeignRecordError](err)
			return ok && slices.Equal(e.Bins, bins)
		}
	}
	for _, tt := range []struct {
		name    string
		bins    as.BinMap
		ours    bool // there is an object, and the bins are put beside it
		version byte // of its snapshot, if not 0
		is      func(error) bool
	}{
		{"another program's", theirs, false, 0, foreign("balance", "user")},
		{"with a bin beside ours", beside, true, 0, foreign("balance")},
		{"of an earlier layout", nil, true, 0xff, func(err error) bool {
			e, ok := errors.AsType[*aerospike.LayoutError](err)
			return ok && e.Version == 0 && e.Known == 1
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := expiring(t)
			set := newSet(t, c)
			e := open(t, c, aerospike.Config{Set: set, Watch: -1, Scrub: 10 * time.Millisecond})
			bins := tt.bins
			if tt.ours {
				touch(t, open(t, c, aerospike.Config{Set: set, Watch: -1}), 3)
				bins = as.BinMap{}
				for name, v := range look(t, c, set).Bins {
					if _, isMap := v.([]as.MapPair); !isMap { // the queue is empty
						bins[name] = v
					}
				}
				maps.Copy(bins, tt.bins)
				if tt.version != 0 {
					s := slices.Clone(bins["s"].([]byte))
					s[0] = 0
					bins["s"] = s
				}
			}
			place(t, c, set, bins)
			before := look(t, c, set)
			counters := store.NewObjects(e, "", crdt.CounterKind())
			_, _, viewed := counters.View(t.Context(), "k")
			_, batched := counters.Views(t.Context(), []string{"k", "none"})
			_, updated := counters.Update(t.Context(), "k", add(1))
			_, loaded := e.Load(t.Context(), "k")
			errs := map[string]error{
				"View": viewed, "Views": batched, "Update": updated, "Load": loaded, "Fold": e.Fold(t.Context(), "k"),
			}
			if !slices.Contains([]string{"with a bin beside ours"}, tt.name) { // which no filter sees
				_, errs["Update, blind"] = counters.Update(t.Context(), "k", add(1), store.Blind())
				errs["Merge"] = e.Merge(t.Context(), store.Delta{Key: "k", Frame: frame(t)})
				errs["Merge of several"] = e.Merge(t.Context(), store.Delta{Key: "k", Frame: frame(t)}, store.Delta{Key: "j", Frame: frame(t)})
			}
			for what, err := range errs {
				if !tt.is(err) || errors.Is(err, store.ErrInDoubt) {
					t.Errorf("%s: %v", what, err)
				}
			}
			scrubs := e.Stats().Scrubs
			until(t, func() bool { return e.Stats().Scrubs > scrubs+1 })
			after := look(t, c, set)
			if after.Generation != before.Generation || after.Expiration > 3600 || after.Expiration < 3000 || !reflect.DeepEqual(after.Bins, before.Bins) {
				t.Errorf("the record was %v and is %v", before, after)
			}
		})
	}
}

// TestForeignRecordInARace puts another program's record under the key between what an
// update reads and what it writes: nothing is written.
func TestForeignRecordInARace(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known=", known), func(t *testing.T) {
			c := expiring(t)
			set := newSet(t, c)
			h := &hooked{Client: c}
			e := open(t, h, aerospike.Config{Set: set, Watch: -1})
			counters := store.NewObjects(e, "", crdt.CounterKind())
			if known {
				if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
					t.Fatal(err)
				}
			}
			h.before = func() {
				h.before = nil
				place(t, c, set, as.BinMap{"user": "ann", "balance": 7})
			}
			_, err := counters.Update(t.Context(), "k", add(1))
			if _, ok := errors.AsType[*aerospike.ForeignRecordError](err); !ok {
				t.Errorf("Update: %v", err)
			}
			rec := look(t, c, set)
			if len(rec.Bins) != 2 || rec.Generation > 2 || rec.Expiration > 3600 {
				t.Errorf("the record is %v", rec)
			}
		})
	}
}

// TestOtherBinsKeepTheirExpiry appends blindly to a record that got a bin beside ours:
// no filter sees that, but neither the bin nor the expiry is touched.
func TestOtherBinsKeepTheirExpiry(t *testing.T) {
	c := expiring(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set, Watch: -1})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	k, err := as.NewKey(namespace, set, "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Put(as.NewWritePolicy(0, 3600), k, as.BinMap{"balance": 7}); err != nil {
		t.Fatal(err)
	}
	_, _ = counters.Update(t.Context(), "k", add(1), store.Blind())
	if rec := look(t, c, set); rec.Bins["balance"] != 7 || rec.Expiration > 3600 {
		t.Errorf("the record is %v, expires in %d s", rec.Bins, rec.Expiration)
	}
	if _, _, err := counters.View(t.Context(), "k"); !errors.Is(err, aerospike.ErrCorrupt) {
		t.Errorf("View: %v", err)
	}
}

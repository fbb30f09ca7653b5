package mirror_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// place is a cluster of a mirror's test.
type place struct {
	name   string
	set    string
	fake   *asdtest.Cluster // nil on a real server
	addr   string
	client *as.Client
	path   *path // the mirror's way to it
	time   *manual
}

// manual is a clock that the test moves. Each place may be off.
type manual struct {
	mu  sync.Mutex
	at  time.Time
	off map[string]time.Duration
}

func newManual() *manual { return &manual{at: time.Now(), off: make(map[string]time.Duration)} }

func (m *manual) now() time.Time { return m.of("") }

func (m *manual) of(name string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at.Add(m.off[name])
}

func (m *manual) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.at.Add(d)
}

func (m *manual) skew(name string, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off[name] = d
}

// path is a client that counts what goes through, and through which nothing goes
// while it is cut.
type path struct {
	aerospike.Client
	onCut func() as.Error // says why; nil is shutPath

	reads, writes atomic.Int64
	cut           atomic.Bool
	onWrite       atomic.Pointer[func() as.Error] // what becomes of a write, if it is not nil
	onScan        atomic.Pointer[func()]          // comes before a scan, if it is not nil
	onNodes       atomic.Pointer[func()]          // comes before the cluster is asked for, likewise
}

// lostReply is what a client says of a write of which it heard nothing.
func lostReply() as.Error { return &as.AerospikeError{ResultCode: types.TIMEOUT, InDoubt: true} }

// shutPath is what it says where there is nobody to talk to, and no use in trying again.
func shutPath() as.Error { return &as.AerospikeError{ResultCode: types.NOT_AUTHENTICATED} }

func (p *path) isCut() as.Error {
	switch {
	case !p.cut.Load():
		return nil
	case p.onCut != nil:
		return p.onCut()
	}
	return shutPath()
}

func (p *path) GetNodes() []*as.Node {
	if f := p.onNodes.Load(); f != nil {
		(*f)()
	}
	return p.Client.GetNodes()
}

func (p *path) Get(b *as.BasePolicy, k *as.Key, bins ...string) (*as.Record, as.Error) {
	p.reads.Add(1)
	if err := p.isCut(); err != nil {
		return nil, err
	}
	return p.Client.Get(b, k, bins...)
}

func (p *path) Operate(w *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	p.writes.Add(1)
	if err := p.isCut(); err != nil {
		return nil, err
	}
	if f := p.onWrite.Load(); f != nil {
		if err := (*f)(); err != nil {
			return nil, err
		}
	}
	return p.Client.Operate(w, k, ops...)
}

func (p *path) BatchOperate(b *as.BatchPolicy, rs []as.BatchRecordIfc) as.Error {
	p.writes.Add(int64(len(rs)))
	if err := p.isCut(); err != nil {
		return err
	}
	return p.Client.BatchOperate(b, rs)
}

func (p *path) ScanPartitions(
	s *as.ScanPolicy, f *as.PartitionFilter, namespace, set string, bins ...string,
) (*as.Recordset, as.Error) {
	if err := p.isCut(); err != nil {
		return nil, err
	}
	if f := p.onScan.Load(); f != nil {
		(*f)()
	}
	return p.Client.ScanPartitions(s, f, namespace, set, bins...)
}

// mirrorSets counts the sets of these tests, which take turns at the last of those
// that newSet gives out: a server has room for few names.
var mirrorSets atomic.Int64

// onPlaces runs a test on n clusters in this process, and on real ones if there are
// enough.
func onPlaces(t *testing.T, n int, test func(t *testing.T, ps []*place)) {
	t.Helper()
	t.Run("asdtest", func(t *testing.T) { test(t, fakePlaces(t, n)) })
	t.Run("servers", func(t *testing.T) {
		hosts := strings.Split(os.Getenv("AEROSPIKE_HOSTS"), ",")
		if len(hosts) < n || hosts[0] == "" {
			t.Skipf("AEROSPIKE_HOSTS=%q: not %d clusters", os.Getenv("AEROSPIKE_HOSTS"), n)
		}
		set := fmt.Sprintf("t%d", 63-mirrorSets.Add(1)%16)
		var ps []*place
		for i, addr := range hosts[:n] {
			ps = append(ps, newPlace(t, string(rune('a'+i)), addr, set))
			astest.Empty(t, ps[i].client, set)
		}
		test(t, ps)
	})
}

// fakePlaces returns n clusters in this process, whose clocks and the mirror's are the
// test's.
func fakePlaces(t *testing.T, n int) []*place {
	t.Helper()
	clock := newManual()
	var ps []*place
	for i := range n {
		name := string(rune('a' + i))
		c := asdtest.Start(t, asdtest.WithName(name), asdtest.WithClock(func() time.Time { return clock.of(name) }))
		p := newPlace(t, name, c.Addr(), "mirrored")
		p.fake, p.time = c, clock
		ps = append(ps, p)
	}
	return ps
}

func newPlace(t *testing.T, name, addr, set string) *place {
	t.Helper()
	c := astest.Connect(t, addr)
	return &place{name: name, set: set, addr: addr, client: c, path: &path{Client: c}}
}

// now returns what tells the mirror the time.
func (p *place) now() func() time.Time {
	if p.time != nil {
		return p.time.now
	}
	return time.Now
}

// mirrorOf returns a mirror of the places, over these links.
func mirrorOf(
	t *testing.T, ps []*place, change func(*mirror.Config), links ...mirror.Link,
) *mirror.Mirror {
	t.Helper()
	cfg := mirror.Config{
		Sets: []string{ps[0].set}, Links: links, Now: ps[0].now(),
		Attempt: 2 * time.Second, Timeout: 4 * time.Second,
	}
	for _, p := range ps {
		cfg.Clusters = append(cfg.Clusters, mirror.Cluster{Name: p.name, Client: p.path, Namespace: astest.Namespace})
	}
	if change != nil {
		change(&cfg)
	}
	m, err := mirror.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// members returns the sets of strings of a place.
func (p *place) members(t *testing.T, cfg aerospike.Config) store.Objects[*crdt.AWSet[string]] {
	t.Helper()
	cfg.Set = p.set
	return store.NewObjects(astest.Open(t, p.client, cfg), "", crdt.AWSetKind(crdt.String))
}

// add adds an element to a set.
func addTo(t *testing.T, o store.Objects[*crdt.AWSet[string]], key, element string) {
	t.Helper()
	_, err := o.Update(t.Context(), key, func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, element); return nil })
	if err != nil {
		t.Fatalf("add %q to %q: %v", element, key, err)
	}
}

// has returns the elements that a set has in a place, in order, as a process sees
// them that knows nothing yet.
func (p *place) has(t *testing.T, key string) []string {
	t.Helper()
	s, _, err := p.members(t, aerospike.Config{}).View(t.Context(), key)
	if err != nil {
		t.Fatalf("view %q in %s: %v", key, p.name, err)
	}
	return slices.Sorted(s.All())
}

func (p *place) want(t *testing.T, key string, elements ...string) {
	t.Helper()
	if got := p.has(t, key); !slices.Equal(got, elements) {
		t.Errorf("%q in %s is %q, want %q", key, p.name, got, elements)
	}
}

func sync1(t *testing.T, m *mirror.Mirror) {
	t.Helper()
	if err := m.Sync(t.Context()); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

func audit1(t *testing.T, m *mirror.Mirror) []mirror.Compared {
	t.Helper()
	compared, err := m.Audit(t.Context())
	if err != nil {
		t.Fatalf("Audit: %v", err)
	}
	for _, c := range compared {
		if c.Partitions != c.Of || c.Of == 0 {
			t.Errorf("%d partitions compared, of %d", c.Partitions, c.Of)
		}
	}
	return compared
}

func (p *place) key(t *testing.T, key string) *as.Key {
	t.Helper()
	k, err := as.NewKey(astest.Namespace, p.set, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

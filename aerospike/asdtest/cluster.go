package asdtest

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Cluster is a cluster of one node. It is safe for concurrent use.
type Cluster struct {
	cfg        Config
	now        func() time.Time
	listener   net.Listener
	namespaces map[string]*namespace
	stats      *settings
	answers    *settings // what SetInfo said
	faults     faults
	gates      gates
	done       chan struct{} // closed by Close
	wg         sync.WaitGroup

	// state is held for reading by every operation that is applied, and for writing
	// by what changes many records at once: a split, its healing, a restart.
	state sync.RWMutex
	split *Split

	mu        sync.Mutex // guards what follows
	conns     map[net.Conn]bool
	refuse    bool
	closed    bool
	listeners []net.Listener

	requests   atomic.Uint64
	started    atomic.Int64 // nanoseconds of Unix time
	partGen    atomic.Int64 // partition-generation
	clusterKey atomic.Uint64
	links      atomic.Pointer[[]*Link]
}

// Start starts a cluster that is closed when the test ends.
func Start(tb testing.TB, opts ...Option) *Cluster {
	tb.Helper()
	var cfg Config
	for _, o := range opts {
		o(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// New starts a cluster. The caller closes it.
func New(cfg Config) (*Cluster, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	c := &Cluster{
		cfg: cfg, now: cfg.Now, done: make(chan struct{}), conns: make(map[net.Conn]bool),
		namespaces: make(map[string]*namespace, len(cfg.Namespaces)), stats: defaultStatistics(&cfg),
		answers: &settings{values: make(map[string]string)},
	}
	c.gates.init()
	c.started.Store(cfg.Now().UnixNano())
	c.clusterKey.Store(0xA5D000000001)
	for _, name := range cfg.Namespaces {
		ns := newNamespace(name)
		for k, v := range cfg.Settings {
			ns.set(k, v)
		}
		c.namespaces[name] = ns
	}
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, err
	}
	c.listener = l
	c.serve(l, -1)
	return c, nil
}

// Close drops every connection, lets go what a Fault holds without applying it, and
// returns when no goroutine of the cluster is left. Closing again is a no-op.
func (c *Cluster) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	close(c.done)
	err := c.listener.Close()
	for _, l := range c.listeners {
		err = errors.Join(err, l.Close())
	}
	for conn := range c.conns {
		conn.Close() //nolint:errcheck // its goroutine reports nothing and ends either way
	}
	c.mu.Unlock()
	if links := c.links.Load(); links != nil {
		for _, l := range *links {
			l.Close()
		}
	}
	c.wg.Wait()
	return err
}

// Addr returns the address that clients connect to, host:port.
func (c *Cluster) Addr() string { return c.listener.Addr().String() }

// Host returns the host of Addr.
func (c *Cluster) Host() string {
	host, _, _ := net.SplitHostPort(c.Addr()) // the address of a listener is well formed
	return host
}

// Port returns the port of Addr.
func (c *Cluster) Port() int {
	_, port, _ := net.SplitHostPort(c.Addr()) // the address of a listener is well formed
	n, _ := strconv.Atoi(port)                // and its port is a number
	return n
}

// Requests returns how many messages, records of a batch apart, the cluster has
// read. Info requests are not counted.
func (c *Cluster) Requests() uint64 { return c.requests.Load() }

// namespace returns a namespace, or nil.
func (c *Cluster) namespace(name string) *namespace { return c.namespaces[name] }

// since returns the server's time in milliseconds since the epoch.
func (c *Cluster) millis() uint64 {
	return uint64(max(0, c.now().UnixMilli()-epoch*1000))
}

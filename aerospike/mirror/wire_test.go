package mirror_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// wire is a way to a server that can go silent: what was sent over the connections
// that there are is neither answered nor refused from then on, as after a firewall
// forgot them or a machine lost its power. New connections are as good as ever.
type wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	conns map[*silenced]bool
}

// silenced is a connection that ends in nothing once quiet is closed.
type silenced struct {
	net.Conn
	quiet chan struct{}
	once  sync.Once
}

func newWire(t testing.TB, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to, conns: make(map[*silenced]bool)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() {
		l.Close() //nolint:errcheck // it ends either way
		w.mu.Lock()
		for c := range w.conns {
			c.Close() //nolint:errcheck // it ends either way
			c.once.Do(func() { close(c.quiet) })
		}
		w.mu.Unlock()
		wg.Wait()
	})
	return w
}

func (w *wire) addr() string { return w.listener.Addr().String() }

// carries returns how many connections there are, with the client's own.
func (w *wire) carries() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

// silence silences all connections.
func (w *wire) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.once.Do(func() { close(c.quiet) })
	}
}

// carry carries a connection until one side ends it.
func (w *wire) carry(c net.Conn) {
	defer c.Close() //nolint:errcheck // it ends either way
	s, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer s.Close() //nolint:errcheck // it ends either way
	x := &silenced{Conn: c, quiet: make(chan struct{})}
	w.mu.Lock()
	w.conns[x] = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.conns, x)
		w.mu.Unlock()
	}()
	go func() {
		io.Copy(x, s) //nolint:errcheck // it ends either way
		x.Close()     //nolint:errcheck // it ends either way
	}()
	io.Copy(muted{s, x}, c) //nolint:errcheck // it ends either way
}

func (x *silenced) Write(b []byte) (int, error) {
	select {
	case <-x.quiet:
		return len(b), nil
	default:
		return x.Conn.Write(b)
	}
}

// muted writes what comes from a connection as long as that is not silenced.
type muted struct {
	io.Writer
	x *silenced
}

func (m muted) Write(b []byte) (int, error) {
	select {
	case <-m.x.quiet:
		return len(b), nil
	default:
		return m.Writer.Write(b)
	}
}

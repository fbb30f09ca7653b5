package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Transport carries messages between stores. It may lose, repeat and reorder
// them; the core copes. It must not alter them or invent senders.
type Transport interface {
	// Send hands a message to the network and does not wait for its arrival. An
	// error says that the message was not taken; the core will try again.
	Send(ctx context.Context, to PeerID, message []byte) error
	// Receive waits for the next message, or for the end of ctx. The message is the
	// caller's. After any other error it is called again, a little later.
	Receive(ctx context.Context) (from PeerID, message []byte, err error)
}

// ErrBacklog is matched by the error of a Send whose receiver does not keep up.
var ErrBacklog = errors.New("store: receiver's queue is full")

// hubQueue is how many messages wait for a store before the next is refused.
const hubQueue = 1024

// Hub connects stores in one process. The zero Hub has no stores. It is safe for concurrent use.
type Hub struct {
	mu    sync.Mutex
	ports map[PeerID]*port
	cut   func(from, to PeerID) bool
}

// NewHub returns a hub without stores.
func NewHub() *Hub { return &Hub{} }

type port struct {
	hub   *Hub
	self  PeerID
	queue chan parcel
}

type parcel struct {
	from    PeerID
	message []byte
}

// Join returns the transport of a store; joining again replaces the store's
// queue.
func (h *Hub) Join(self PeerID) Transport {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &port{h, self, make(chan parcel, hubQueue)}
	if h.ports == nil {
		h.ports = make(map[PeerID]*port)
	}
	h.ports[self] = p
	return p
}

// Cut makes the hub drop the messages for which cut returns true; nil heals it.
func (h *Hub) Cut(cut func(from, to PeerID) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = cut
}

// Send implements Transport.
func (p *port) Send(_ context.Context, to PeerID, message []byte) error {
	p.hub.mu.Lock()
	dst, cut := p.hub.ports[to], p.hub.cut
	p.hub.mu.Unlock()
	switch {
	case dst == nil:
		return fmt.Errorf("store: no store %q at this hub", to)
	case cut != nil && cut(p.self, to):
		return nil // lost on the way, as networks do
	}
	select {
	case dst.queue <- parcel{p.self, slices.Clone(message)}:
		return nil
	default:
		return fmt.Errorf("%w: %q", ErrBacklog, to)
	}
}

// Receive implements Transport.
func (p *port) Receive(ctx context.Context) (PeerID, []byte, error) {
	select {
	case m := <-p.queue:
		return m.from, m.message, nil
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

package asdtest

import "sync"

// gates makes writes of one key wait for each other, and refuses those that come
// when too many wait already.
type gates struct{ shards [64]gateShard }

type gateShard struct {
	mu sync.Mutex
	m  map[gateKey]*gate
}

type gateKey struct {
	ns     *namespace
	digest Digest
}

// gate is there while a write of its key is at work.
type gate struct {
	waiting int
	turn    chan struct{} // a send hands the key over
}

func (g *gates) init() {
	for i := range g.shards {
		g.shards[i].m = make(map[gateKey]*gate)
	}
}

func (g *gates) shard(k gateKey) *gateShard { return &g.shards[k.digest[2]%byte(len(g.shards))] }

// enter waits until the key is free. It returns KeyBusy if more than limit others
// wait (0: no limit), and Timeout if done is closed first. After OK the caller calls
// leave.
func (g *gates) enter(k gateKey, limit int, done <-chan struct{}) Code {
	s := g.shard(k)
	s.mu.Lock()
	t := s.m[k]
	if t == nil {
		s.m[k] = &gate{}
		s.mu.Unlock()
		return OK
	}
	if limit != 0 && t.waiting > limit {
		s.mu.Unlock()
		return KeyBusy
	}
	t.waiting++
	if t.turn == nil {
		t.turn = make(chan struct{})
	}
	turn := t.turn
	s.mu.Unlock()
	select {
	case <-turn:
		return OK
	case <-done:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.m[k] == t && t.waiting > 0 {
			t.waiting--
		}
		return Timeout
	}
}

// leave hands the key to the next one who waits.
func (g *gates) leave(k gateKey, done <-chan struct{}) {
	s := g.shard(k)
	s.mu.Lock()
	t := s.m[k]
	if t.waiting == 0 {
		delete(s.m, k)
		s.mu.Unlock()
		return
	}
	t.waiting--
	s.mu.Unlock()
	select {
	case t.turn <- struct{}{}:
	case <-done:
	}
}

package replication

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Core is the replication protocol of one store, as a state machine: changes,
// messages and ticks go in; a batch to be made durable and messages to be sent
// come out, and requests for objects. It has no goroutine, clock, randomness or I/O of its own, so a driver
// and a simulator run the very same code.
//
// The caller does this, one input at a time: call Issue and Local, Step, Tick or
// Loaded; then take Ready. What Ready returns is carried out in the order in which it
// was returned: the batch is made durable; then the messages are sent and the loads
// read, in any order and however slowly. Inputs may go on meanwhile. If a batch cannot
// be made durable the core must be dropped and made again from the books: in memory it
// is ahead of them.
//
// How it works (the rules, each with the run that breaks without it, are in the
// comments where they are kept):
//   - a change is pushed to every peer at once, and again until acknowledged;
//   - peers tell each other their vectors: what they have applied;
//   - whoever sees that a peer has events that it lacks, and that do not come,
//     asks for them: the peer answers from its log of recent changes or, if that
//     does not reach back, with a heal session: the state of every object that
//     its index names from the lowest missing event on.
type Core struct {
	cfg   CoreConfig
	me    identity
	boot  identity // as last put into a batch
	seq   uint64   // last number issued
	limit uint64   // last number that is durably reserved
	fence error    // why nothing more may be issued

	applied       Applied // V: events applied, durable no earlier than their effects
	held          Applied // U: events whose effects may be here, not vouched for; what of it is in V does not count
	index         *index
	log           changeLog
	peers         []*peer
	now           uint64 // ticks
	lastRequested uint64 // last number given to a session that this core requested
	lastServed    uint64 // last number given to a session that it serves
	requested     *requestedSession

	grown   Applied // what was added to applied since Ready
	loads   []Load
	batch   Batch
	bookSet map[string]int    // puts of the batch by key
	changed [singleBooks]bool // books whose content has changed since Ready
	out     []Envelope
	errs    []error
}

// The books of which there is one each.
const (
	ofIdentity = iota
	ofApplied
	ofHeld
	singleBooks
)

// Envelope is a message and where it goes.
type Envelope struct {
	To      PeerID
	Message Message
}

// Ready is what a core wants done after an input: make Batch durable; then send
// Messages, and answer Loads. Grown is what the store has applied more than before, once
// Batch is durable. Errors are for whoever operates the store: objects that could not be
// read for a peer, or by one.
type Ready struct {
	Batch    Batch
	Grown    *Applied
	Messages []Envelope
	Loads    []Load
	Errors   []error
}

// CoreConfig configures a Core. Times are in ticks of whatever length the caller
// gives them; the defaults fit ticks of 20 ms between continents.
type CoreConfig struct {
	// Self names this store to its peers.
	Self PeerID
	// Peers are the stores that it exchanges messages with. The graph of all
	// stores must be connected; it need not be complete.
	Peers []PeerID
	// Fresh is the replica id to use if the books do not continue one: 64 random
	// bits, drawn by the caller.
	Fresh clock.ReplicaID
	// Continue says that the books are this very replica's, as it last left them,
	// and not a copy of them. Without that proof the core takes the fresh id.
	Continue bool

	AckTicks    uint64 // until a push is acknowledged; default 5
	RetryTicks  uint64 // until a push or request is repeated, at first; default 25
	HelloTicks  uint64 // between hellos (vectors) while something changes; default 25
	IdleTicks   uint64 // between hellos while nothing does; default 100
	LostTicks   uint64 // of silence until a peer counts as unreachable; default 100
	Reserve     uint64 // event numbers reserved at a time; default 4096
	LogBytes    int    // of recent changes kept for peers; default 8 MiB
	PushBytes   int    // soft limit of one message: the last of its parts may exceed it; default 64 KiB
	SessionKeys int    // objects in one message of a heal, at most; default 16

	_ struct{}
}

func (c *CoreConfig) setDefaults() error {
	var errs []error
	if c.Self == "" {
		errs = append(errs, errors.New("no Self"))
	}
	seen := map[PeerID]bool{c.Self: true}
	for _, p := range c.Peers {
		if p == "" || seen[p] {
			errs = append(errs, fmt.Errorf("peer %q is empty, doubled or Self", p))
		}
		seen[p] = true
	}
	if !c.Fresh.IsValid() {
		errs = append(errs, errors.New("no Fresh replica id"))
	}
	for _, d := range []struct {
		v   *uint64
		def uint64
	}{{&c.AckTicks, 5}, {&c.RetryTicks, 25}, {&c.HelloTicks, 25}, {&c.IdleTicks, 100}, {&c.LostTicks, 100}, {&c.Reserve, 4096}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	for _, d := range []struct {
		v   *int
		def int
	}{{&c.LogBytes, 8 << 20}, {&c.PushBytes, 64 << 10}, {&c.SessionKeys, 16}} {
		if *d.v == 0 {
			*d.v = d.def
		}
		if *d.v < 0 {
			errs = append(errs, fmt.Errorf("negative size %d", *d.v))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("replication: core configuration: %w", errors.Join(errs...))
	}
	return nil
}

// NewCore returns the core of a store with these books, empty for a new store.
// The first Ready is due at once: it reserves event numbers.
func NewCore(cfg CoreConfig, books []Book) (*Core, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	c := &Core{cfg: cfg, index: newIndex(), bookSet: make(map[string]int)}
	was, err := c.restore(books)
	if err != nil {
		return nil, err
	}
	c.me = identity{replica: cfg.Fresh, boots: was.boots}
	if cfg.Continue && was.replica.IsValid() {
		c.me = was
		c.burn()
	}
	c.me.boots++
	c.now = 1 // 0 stands for never
	// No number of a session is used by two processes of one store: a message that was
	// meant for an earlier process must not be taken for one of this. The number of
	// openings makes them differ. If the disk was lost, that number starts again at one,
	// and the bits of the new replica id make them differ.
	c.lastRequested = c.me.boots<<32 | uint64(c.me.replica)&0xffff<<16
	c.lastServed = c.lastRequested
	c.Reserve(0)
	for _, id := range cfg.Peers {
		c.peers = append(c.peers, newPeer(id))
	}
	return c, nil
}

// burn puts the numbers that this replica had reserved into the vector. Those that it
// used durably are in it already, from the same batch as their effects. The rest name no
// event: they were never used, or were lost in a crash before a peer could see them, and
// they are not used again. A peer that met a hole there would wait for ever; it learns
// that there is none when a heal ends.
func (c *Core) burn() {
	c.seq = c.me.reserved
	if c.seq > 0 {
		c.addApplied(Span{c.me.replica, 1, c.seq})
	}
}

// Replica returns the id under which this core issues events.
func (c *Core) Replica() clock.ReplicaID { return c.me.replica }

// Applied returns the events that the store has applied. It belongs to the core.
func (c *Core) Applied() *Applied { return &c.applied }

// Err returns why the core issues no more events, or nil.
func (c *Core) Err() error { return c.fence }

// Reserve sees to it that at least n more numbers are reserved once the next
// batch is durable.
func (c *Core) Reserve(n int) {
	if want := c.seq + uint64(n) + c.cfg.Reserve/2; c.me.reserved < want || c.boot != c.me {
		c.me.reserved = max(c.me.reserved, c.seq+uint64(n)+c.cfg.Reserve)
		c.boot = c.me
		c.changed[ofIdentity] = true
	}
}

// Issue numbers n events on key. Numbers that are not durably reserved are
// refused with ErrReserve: call Reserve and take Ready first. The events become
// real with Local; if they do not, Burn retires their numbers.
func (c *Core) Issue(key string, n int) (clock.Event, error) {
	switch {
	case c.fence != nil:
		return clock.Event{}, c.fence
	case n < 1 || c.seq > c.limit || uint64(n) > c.limit-c.seq:
		return clock.Event{}, fmt.Errorf("%w: %d wanted after number %d, reserved up to %d", ErrReserve, n, c.seq, c.limit)
	}
	// The claim is this replica's own durable memory of its last event on the
	// object, not what the object's record says: records can be rolled back.
	ev := clock.Event{
		Dot:   clock.Dot{Replica: c.me.replica, Seq: c.seq + 1},
		After: c.index.last(c.me.replica, key),
	}
	c.seq += uint64(n)
	return ev, nil
}

// Burn retires the n numbers from ev on, which Issue gave and whose change came
// to nothing: they name no event.
func (c *Core) Burn(ev clock.Event, n int) {
	c.addApplied(Span{ev.Dot.Replica, ev.Dot.Seq, ev.Dot.Seq + uint64(n) - 1})
}

// addApplied puts events into the vector.
func (c *Core) addApplied(s Span) {
	if c.applied.Add(s) {
		c.grown.Add(s)
		c.changed[ofApplied] = true
	}
}

// Local takes a change that this store made: the n events from ev on, and their
// delta. It is to be pushed to every peer.
func (c *Core) Local(key string, ev clock.Event, n int, frame []byte) {
	span := Span{ev.Dot.Replica, ev.Dot.Seq, ev.Dot.Seq + uint64(n) - 1}
	if span.Replica != c.me.replica || span.Last > c.seq || n < 1 {
		panic(fmt.Sprintf("replication: Local of %v, %d events; issued up to %d of %v", ev.Dot, n, c.seq, c.me.replica))
	}
	c.apply(Change{Key: key, Span: span, After: ev.After, Time: ev.Time, Frame: frame}, "")
	c.Reserve(0)
}

// apply takes in a change that the vector does not have.
func (c *Core) apply(ch Change, from PeerID) {
	c.batch.Deltas = append(c.batch.Deltas, Delta{ch.Key, ch.Frame})
	c.addApplied(ch.Span)
	c.noteIndex(clock.Dot{Replica: ch.Span.Replica, Seq: ch.Span.Last}, ch.Key)
	pos := c.log.add(ch, c.cfg.LogBytes)
	if from == "" {
		for _, p := range c.peers {
			p.owe(pos, c.log.first)
		}
	}
}

func (c *Core) noteIndex(d clock.Dot, key string) {
	old, changed := c.index.set(d, key)
	if !changed {
		return
	}
	if old.IsValid() {
		c.deleteBook(indexKey(old))
	}
	c.putBook(Book{indexKey(d), []byte(key)})
}

func (c *Core) putBook(b Book) {
	if i, ok := c.bookSet[b.Key]; ok {
		c.batch.Puts[i] = b
		return
	}
	c.bookSet[b.Key] = len(c.batch.Puts)
	c.batch.Puts = append(c.batch.Puts, b)
}

// deleteBook deletes a book, or takes back its put in this very batch: index
// books, the only ones that go, are put once.
func (c *Core) deleteBook(key string) {
	i, ok := c.bookSet[key]
	if !ok {
		c.batch.Deletes = append(c.batch.Deletes, key)
		return
	}
	last := len(c.batch.Puts) - 1
	c.batch.Puts[i] = c.batch.Puts[last]
	c.bookSet[c.batch.Puts[i].Key] = i
	c.batch.Puts = c.batch.Puts[:last]
	delete(c.bookSet, key)
}

// Ready returns what is to be done by now, and whether there is anything; the pushes that
// are due are made here. The core forgets what it returns, which is the caller's.
func (c *Core) Ready() (Ready, bool) {
	c.pushDue()
	for i, b := range [singleBooks]func() Book{
		ofIdentity: c.me.book,
		ofApplied:  func() Book { return Book{bookApplied, c.applied.append(nil)} },
		ofHeld:     func() Book { return Book{bookHeld, c.held.append(nil)} },
	} {
		if c.changed[i] {
			c.putBook(b())
			c.changed[i] = false
		}
	}
	c.limit = c.me.reserved // the batch that says so comes before what is issued from here on
	grown := c.grown
	r := Ready{c.batch, &grown, c.out, c.loads, c.errs}
	c.batch, c.grown, c.out, c.loads, c.errs = Batch{}, Applied{}, nil, nil, nil
	clear(c.bookSet)
	return r, !r.Batch.IsEmpty() || len(r.Messages)+len(r.Loads)+len(r.Errors) > 0
}

func (c *Core) send(to *peer, m Message) {
	c.out = append(c.out, Envelope{to.id, m})
}

package replication

import (
	"github.com/dovetail-crdt/dovetail/clock"
)

// PeerID names a store to its neighbours, such as "eu-west". It belongs to the
// place, while a clock.ReplicaID belongs to one incarnation of what runs there.
type PeerID string

// Message is what one core sends to another. The set of types is closed.
type Message interface{ kind() byte }

// Change is one transaction on one object: the events that it is, their claim,
// and its delta.
type Change struct {
	Key   string
	Span  Span
	After uint64
	Time  clock.Timestamp
	Frame []byte
}

// Push brings changes as they happen. Have, if set, is the sender's vector.
type Push struct {
	Changes []Change
	Have    *Applied
}

// Hello tells what the sender has applied: an acknowledgement, a heartbeat and
// an announcement in one. Held, if set, is what it may hold beyond that.
type Hello struct{ Have, Held *Applied }

// Request asks for what its sender lacks: all events of its receiver that are not in
// Base, as a heal session. Session is the asker's number for it, Serve the other side's
// (0 until a frame has come), Held what the asker may hold, which can overlap Base, and
// Got the objects that have arrived.
type Request struct {
	Session uint64
	Serve   uint64
	Base    *Applied
	Held    *Applied
	Got     *Applied // numbers of objects, as events of replica 1
}

// Frames is a part of a heal session of Count objects: those from the Index-th on,
// counted from 1. Count 0 is a session without objects. Snapshot is the sender's vector as
// it was before the session began: it becomes part of the receiver's when all frames
// are durable there, and not before. Held is what the frames may contain: all that the
// sender has applied or may hold.
// Serve is the sender's number for the session: frames of two beginnings under
// one Session belong to two snapshots and must not be taken together.
type Frames struct {
	Session      uint64
	Serve        uint64
	Index, Count uint64
	Snapshot     *Applied
	Held         *Applied
	Items        []Item
}

// Item is one object in a heal: its state, and each replica's last event on it. No
// frames stand for an object that the sender cannot read.
type Item struct {
	Key    string
	Last   []clock.Dot
	Frames [][]byte
}

const (
	kindPush    = 1
	kindHello   = 2
	kindRequest = 3
	kindFrames  = 4
)

func (*Push) kind() byte    { return kindPush }
func (*Hello) kind() byte   { return kindHello }
func (*Request) kind() byte { return kindRequest }
func (*Frames) kind() byte  { return kindFrames }

package store

import "github.com/dovetail-crdt/dovetail/store/replication"

// PeerID names a store to its neighbours, such as "eu-west". It belongs to the
// place, while a clock.ReplicaID belongs to one incarnation of what runs there.
type PeerID = replication.PeerID

// Applied is the set of events that a store has applied: its vector.
type Applied = replication.Applied

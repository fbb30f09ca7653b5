// Package untyped has replicated objects whose Go type need not be known, and what is
// done with them and their frames by those who write stores and protocols. Who uses
// values of package crdt, by themselves or in a store, does not need it.
//
//   - An Object is the value of a frame: it is merged with others of its kind, compared,
//     stripped to what is new, split by replica, changed in a transaction, and written
//     again. ObjectOf and ValueOf lead from a typed value to an object and back.
//   - A FrameSet is what the frames of one key come to, also those that cannot be joined
//     here.
//   - A Heal is what a replica sends of an object to a peer that lacks some of it.
//   - A Batch is many frames under one envelope.
//
// Everything here is canonical, checked and bounded as frames of package crdt are, and
// its errors are that package's. FORMAT.md there specifies the bytes.
package untyped

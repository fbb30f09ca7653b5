// Package sim runs replicated stores through partitions, loss, crashes and bad
// clocks, in virtual time, and checks after every event that each replica shows
// exactly what the operations that it has applied require.
//
// A run has one source of decisions, a seed (Source), and the same seed gives the
// same run, byte for byte. It runs the real replication.Core on real types over links
// with the round-trip times of real regions. What it is about is a Scenario; how
// it went is a Result, or a *ViolationError that says where, when and what.
//
// The oracle is separate from what it checks: it knows operations and which of
// them each replica has applied, followed beside the messages, and computes what
// must be shown from those alone (package crdttest/spec). Agreement at the end is
// not enough: replicas can agree on a wrong value.
package sim

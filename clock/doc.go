// Package clock has the names and the clocks that replicated values are built
// on: dots, version vectors, causal contexts, dotted version vector sets, hybrid
// logical time and tokens.
//
// A replica numbers its events from 1, over all objects that it writes. A Dot,
// (replica, number), names one event for ever. A Vector says how many first
// events of each replica a history contains; a Context is any set of dots, kept
// as intervals. The context of an object names the events whose fate the object
// knows. The events that a whole store has applied are a different thing, though
// of the same shape, and the store package keeps the two types apart: a kill
// tells the fate of a dot without applying the event that made it. Siblings puts a
// Context to use: a register that keeps the values of concurrent writes.
//
// Everything here is a plain value: no goroutine, no lock, no ambient time. What
// needs the time of day (HLC) is handed a function that tells it.
//
// Encodings are canonical: equal values have equal bytes, and a decoder accepts
// no other bytes for them. Decoders are bounded by the length of their input and
// return errors that match ErrCorrupt and name the offset.
package clock

// Package kernel is the one state behind every causal type: live dots at paths,
// counter bases, and a context. It is the only place where the join with a
// context is written.
//
// A path is map keys, field names and, last, a set element; each segment is a
// tag byte and canonical bytes, so identity is equality of bytes. Every mutator
// of every type is one of three verbs: Put (end what is live at a path and put
// one value there), Inc (continue the writer's running total at a path) and Kill
// (end everything at or below a path). One dot is one live entry.
//
// The kernel knows paths and dots, not types: a binary joins and forwards values
// of types that it does not know.
package kernel

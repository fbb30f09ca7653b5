// Package mirror makes Aerospike clusters hold the same objects: what is written in one
// is merged into the others, in all directions, without anything of the servers. It
// needs no engine: a mirror may run in a process of its own; see cmd/crdtmirror.
//
// Errors match those of package aerospike where they are about an object: ErrCorrupt,
// ErrStateTooLarge, ErrIncomplete.
package mirror

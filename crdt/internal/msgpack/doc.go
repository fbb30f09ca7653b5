// Package msgpack writes Go values as MessagePack in one form each, and reads back
// exactly that form.
//
// A Type is made from a Go type once. It refuses types of which a value would not
// come back as it was. Two values have the same bytes exactly if they are the same
// value: map entries stand in order of their keys' bytes, struct fields in order of
// their names', numbers and lengths take their shortest form, -0 is 0, a time is its
// instant. A NaN has no bytes.
//
// Check reads bytes against the Go type and makes nothing. Append asks it about what
// it wrote and Decode about what it will read, so no value is made of bytes that are
// not known to be good, and nothing is written that cannot be read.
package msgpack

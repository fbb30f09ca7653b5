// Package msgpack reads and writes Go values as MessagePack through the library
// vmihailenco/msgpack, and holds the bytes to one form.
//
// The library writes a value, and canonicalize brings its bytes to their one form: map
// entries in order of the bytes of their keys (a struct is a map from the names of its
// fields), numbers and lengths in their shortest form, -0 as 0, no NaN.
//
// The library must not read bytes that nobody has checked: it trusts counts and sets
// nil where Go cannot. So a Type is made from a Go type once, and checks bytes against
// it first: their shape, their form, their counts and depth. Making a Type refuses Go
// types of which a value would not come back as it was.
//
// What was written is checked in the same way, so what has bytes can be read.
package msgpack

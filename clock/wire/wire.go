// Package wire holds the bounded reader and the append helpers that every
// binary format of this module is written with. It is exported because the
// packages of the module share it; it promises nothing to anybody else.
//
// Rules that every format keeps: integers are minimal LEB128 (a longer form of
// the same number is an error, so equal values have equal bytes), fixed
// integers are big-endian (so byte order is numeric order), a count is checked
// against the bytes that are left before anything is allocated, and bytes left
// over after the last field are an error.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is matched (errors.Is) by every error that a decoder of this
// module returns for bytes that no encoder wrote.
var ErrCorrupt = errors.New("corrupt encoding")

// Error says what is wrong with an encoding and at which byte of the input.
type Error struct {
	Offset int
	What   string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("corrupt encoding at byte %d: %s", e.Offset, e.What)
}

// Is matches ErrCorrupt.
func (e *Error) Is(target error) bool { return target == ErrCorrupt }

// AppendBytes appends b behind its length.
func AppendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// AppendUint64 appends v as eight big-endian bytes.
func AppendUint64(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, v) }

// AppendUvarint appends v as minimal LEB128.
func AppendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendVarint appends v zig-zag coded.
func AppendVarint(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

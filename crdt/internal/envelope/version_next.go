//go:build nextformat

package envelope

import (
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Version is the version of the frame format that AppendFrame writes, and the
// newest that is read. All from 2 on are read, and can be written for those who
// read no newer one: see package untyped. FORMAT.md specifies them.
//
// Version 3 is the next format as tests of the switch have it: the body of version 2
// behind one byte.
const Version = 3

const nextMark = 0x33

func laterBody(int) bodyForm {
	return bodyForm{
		append: func(s *kernel.State, b []byte) []byte { return s.AppendBody(append(b, nextMark)) },
		read: func(context, body *wire.Reader) *kernel.State {
			if mark := body.Byte(); mark != nextMark {
				body.Failf("body starts with byte %#02x", mark)
			}
			return kernel.Read(context, body)
		},
	}
}

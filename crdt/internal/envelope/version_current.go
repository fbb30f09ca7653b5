//go:build !nextformat

package envelope

import "fmt"

// Version is the version of the frame format that AppendFrame writes, and the
// newest that is read. All from 2 on are read, and can be written for those who
// read no newer one: see package untyped. FORMAT.md specifies them.
const Version = 2

func laterBody(version int) bodyForm {
	panic(fmt.Sprintf("crdt: frames of format %d, newest known %d", version, Version))
}

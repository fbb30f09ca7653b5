//go:build !nextformat

package crdt

import "fmt"

// FrameVersion is the version of the frame format that AppendFrame writes, and the
// newest that is read. All from 2 on are read, and can be written for those who
// read no newer one: see AppendFrameVersion. FORMAT.md specifies them.
const FrameVersion = 2

func laterBody(version int) bodyForm {
	panic(fmt.Sprintf("crdt: frames of format %d, newest known %d", version, FrameVersion))
}

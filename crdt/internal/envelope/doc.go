// Package envelope reads and writes what is around the content of a frame: kind, version,
// context and checksum; and the forms that heals and batches share with frames. It knows
// states of the kernel, and no type of package crdt.
package envelope

// A frame is one MessagePack array, which any such tool can open:
//
//	[format version, kind name, kind version, context, body, checksum]
//
// Context and body are binary; context is nil for a lattice without one. The
// checksum is CRC-32C over all bytes before it, as four binary bytes. Equal
// states have equal frames.
const frameFields = 6

// The markers of the MessagePack forms that frames use.
const (
	Nil     = 0xc0
	False   = 0xc2
	True    = 0xc3
	bin8    = 0xc4
	bin16   = 0xc5
	bin32   = 0xc6
	str8    = 0xd9
	str16   = 0xda
	Array16 = 0xdc
	Array32 = 0xdd
	Array0  = 0x90
	str0    = 0xa0
	FixMax  = 0x7f
	strFix  = 0x1f
	ArrFix  = 0x0f
	SumSize = 4
)

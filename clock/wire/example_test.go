package wire_test

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// The first fault sticks, so a format is read field by field and asked once.
func ExampleReader() {
	b := wire.AppendUvarint(nil, 300)
	b = wire.AppendBytes(b, "milk")

	r := wire.NewReader(b)
	n, name := r.Uvarint(), r.Bytes()
	fmt.Printf("%d %s %v\n", n, name, r.Done())

	r = wire.NewReader(b[:4])
	n, name = r.Uvarint(), r.Bytes()
	fmt.Printf("%d %q %v\n", n, name, r.Done())
	// Output:
	// 300 milk <nil>
	// 300 "" corrupt encoding at byte 3: 4 items of at least 1 bytes in 1 bytes
}

// A fault says where it is.
func ExampleError() {
	r := wire.NewReader([]byte{1, 0x80, 0x00}) // the second number in a longer form than it needs
	r.Uvarint()
	r.Uvarint()

	var fault *wire.Error
	fmt.Println(errors.As(r.Done(), &fault), fault.Offset, errors.Is(fault, wire.ErrCorrupt))
	// Output: true 1 true
}

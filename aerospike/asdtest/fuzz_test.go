package asdtest_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// FuzzRequest decodes any message and works it off: nothing panics, and what comes
// back is a message.
func FuzzRequest(f *testing.F) {
	f.Add([]byte{22, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	for _, m := range asdtest.Recorded() {
		f.Add(m)
	}
	c, err := asdtest.New(asdtest.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() }) //nolint:errcheck // the fuzzing is over
	f.Fuzz(func(t *testing.T, body []byte) {
		for reply := c.Answer(body); len(reply) > 0; {
			if len(reply) < 8 {
				t.Fatalf("a reply ends in %x", reply)
			}
			n := binary.BigEndian.Uint64(reply) & (1<<48 - 1)
			if reply[0] != 2 || n > uint64(len(reply)-8) {
				t.Fatalf("a reply of %d bytes says %d", len(reply), n)
			}
			reply = reply[8+n:]
		}
	})
}

// FuzzExpression parses any expression and evaluates what it makes of it.
func FuzzExpression(f *testing.F) {
	for _, x := range asdtest.Expressions() {
		f.Add(x)
	}
	f.Fuzz(func(_ *testing.T, b []byte) { asdtest.Evaluate(b) })
}

// TestHostile: what is no message of the protocol ends the connection, and the server
// goes on.
func TestHostile(t *testing.T) {
	t.Parallel()
	s := fake(t)
	for _, b := range [][]byte{
		nil,
		{0},
		[]byte("GET / HTTP/1.1\r\n\r\n"), bytes.Repeat([]byte{0xff}, 100),
		{2, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},     // a message without an end
		{2, 3, 0, 0, 0, 0, 0, 0},                       // an empty one
		{2, 4, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4},           // compression
		{2, 2, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4},           // a login
		{2, 3, 0, 0, 0, 0, 0, 5, 22, 1, 2, 3, 4, 5, 6}, // a short one
	} {
		conn, err := net.Dial("tcp", s.c.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("after %x: %v, want the end", b, err)
		}
		conn.Close() //nolint:errcheck // it is at its end
	}
	ok(t, add(s, fresh(t)))
}

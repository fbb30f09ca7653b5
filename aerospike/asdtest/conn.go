package asdtest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
)

// serve accepts connections until the listener is closed. side is the side of a
// split that they talk to; -1 is whichever the Split has the cluster's own address
// answer from.
func (c *Cluster) serve(l net.Listener, side int) {
	c.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if !c.admit(conn) {
				conn.Close() //nolint:errcheck // it was never used
				continue
			}
			go c.talk(conn, side)
		}
	})
}

// admit registers a connection, unless the cluster refuses or is closed.
func (c *Cluster) admit(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.refuse {
		return false
	}
	c.conns[conn] = true
	c.wg.Add(1)
	return true
}

func (c *Cluster) forget(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
	conn.Close() //nolint:errcheck // nothing is left to be said on it
}

// talk answers requests one after the other until one side hangs up.
func (c *Cluster) talk(conn net.Conn, side int) {
	defer c.wg.Done()
	defer c.forget(conn)
	s := &session{c: c, side: side, out: bufio.NewWriterSize(conn, 64<<10)}
	in := bufio.NewReaderSize(conn, 16<<10)
	var buf []byte
	for {
		var head [protoHeaderSize]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		kind := head[1]
		n := binary.BigEndian.Uint64(head[:]) & (1<<48 - 1)
		if head[0] != protoVersion || n > maxRequest || kind == protoInfo && n > maxInfo {
			return
		}
		body, err := readBody(in, buf, int(n))
		if err != nil {
			return
		}
		if cap(body) <= 1<<20 { // a huge request does not keep its buffer
			buf = body[:0]
		}
		if !s.answer(kind, body) || s.out.Flush() != nil {
			return
		}
	}
}

// readBody reads n bytes into buf, which it grows only as bytes arrive: a length
// that is a lie costs nothing.
func readBody(in *bufio.Reader, buf []byte, n int) ([]byte, error) {
	const step = 1 << 20
	buf = buf[:0]
	for len(buf) < n {
		at, k := len(buf), min(n-len(buf), step)
		if cap(buf)-at < k {
			buf = append(buf, make([]byte, k)...)
		}
		buf = buf[:at+k]
		if _, err := io.ReadFull(in, buf[at:]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

// session is one connection as the handlers see it.
type session struct {
	c    *Cluster
	side int
	out  *bufio.Writer
	buf  []byte
}

// answer handles one message. It returns false if the connection is to be closed.
func (s *session) answer(kind byte, body []byte) bool {
	switch kind {
	case protoInfo:
		text := s.c.info(s.side, string(body))
		s.out.Write(appendProto(nil, protoInfo, len(text)))
		s.out.WriteString(text)
		return true
	case protoMessage:
		s.c.requests.Add(1)
		return s.message(body)
	default: // security and compression are not there in the Community Edition
		return false
	}
}

// message handles one request for data.
func (s *session) message(body []byte) bool {
	req, err := decodeRequest(body)
	if err != nil {
		s.send(&reply{code: ParameterError})
		return true
	}
	switch {
	case req.info1&info1Batch != 0:
		return s.batch(req)
	case req.isScan || !req.hasDigest:
		return s.scan(req)
	}
	rep, fate := s.c.run(s.side, req, false)
	return s.finish(fate, func() { s.send(rep) })
}

// finish does with a reply what a fault wants.
func (s *session) finish(fate Reply, send func()) bool {
	switch fate {
	case LoseReply:
		return false
	case SilentReply:
		return true
	default:
		send()
		return true
	}
}

func (s *session) send(r *reply) {
	s.buf = append(s.buf[:0], make([]byte, protoHeaderSize)...)
	s.buf = r.append(s.buf)
	setProtoSize(s.buf)
	s.out.Write(s.buf)
}

// cloneRequest decodes a request again from bytes of its own, for what outlives the
// message.
func cloneRequest(r *request) *request {
	c := *r
	c.key, c.filter = bytes.Clone(r.key), bytes.Clone(r.filter)
	c.list = make([]op, len(r.list))
	for i, o := range r.list {
		o.value = bytes.Clone(o.value)
		c.list[i] = o
	}
	return &c
}

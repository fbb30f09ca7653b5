package asdtest

import "encoding/binary"

// Flags of a record in a batch.
const (
	batchRepeat = 0x01 // as the record before, with another digest
	batchInfo   = 0x02 // info2 and info3 are there
	batchGen    = 0x04 // a generation is there
	batchTTL    = 0x08 // a TTL is there
	batchInfo4  = 0x10 // info4 is there
	// batchNew is the first byte of the older form, which has info1 only.
	batchReportAll = 0x04 // in the flags of the whole batch: go on after an error
)

// batch answers a request for many records, one message a record and one that ends
// it. The records are worked off in order, on the connection that they came on.
func (s *session) batch(req *request) bool {
	if req.filter != nil {
		if _, err := parseFilter(req.filter); err != nil {
			s.send(&reply{code: ParameterError, info3: info3Last})
			return true
		}
	}
	d, err := newBatchReader(req)
	if err != nil {
		s.send(&reply{code: ParameterError, info3: info3Last})
		return true
	}
	s.buf = append(s.buf[:0], make([]byte, protoHeaderSize)...)
	end, fate := OK, SendReply
	for d.more() {
		index, sub, err := d.next()
		if err != nil {
			end = codeOf(err)
			break
		}
		rep, f := s.c.run(s.side, sub, true)
		if f != SendReply {
			fate = f // the whole reply is lost; the records after it are still worked off
			continue
		}
		rep.index = index
		s.buf = rep.append(s.buf)
		if rep.code != OK && rep.code != KeyNotFound && rep.code != FilteredOut && !d.reportAll {
			end = rep.code
			break
		}
	}
	return s.finish(fate, func() {
		s.buf = (&reply{code: end, info3: info3Last}).append(s.buf)
		setProtoSize(s.buf)
		s.out.Write(s.buf)
	})
}

// batchReader reads the records of a batch one after the other.
type batchReader struct {
	parent    *request
	rest      []byte
	left      uint32
	prev      *request
	reportAll bool
}

func newBatchReader(parent *request) (*batchReader, error) {
	b := parent.batch
	if len(b) < 5 {
		return nil, errParameter
	}
	n := binary.BigEndian.Uint32(b)
	if n == 0 || uint64(n) > uint64(len(b))/25 { // index, digest and a flag each
		return nil, errParameter
	}
	return &batchReader{parent: parent, rest: b[5:], left: n, reportAll: b[4]&batchReportAll != 0}, nil
}

func (d *batchReader) more() bool { return d.left > 0 }

// next returns the next record as a request of its own, with its index in the
// client's list.
func (d *batchReader) next() (uint32, *request, error) {
	d.left--
	if len(d.rest) < 25 {
		return 0, nil, errParameter
	}
	index := binary.BigEndian.Uint32(d.rest)
	digest := Digest(d.rest[4:24])
	flags := d.rest[24]
	d.rest = d.rest[25:]
	if flags&batchRepeat != 0 {
		if d.prev == nil {
			return 0, nil, errParameter
		}
		r := *d.prev
		r.digest = digest
		return index, &r, nil
	}
	r, err := d.head(flags)
	if err != nil {
		return 0, nil, err
	}
	if d.rest, err = r.decodeBody(d.rest); err != nil {
		return 0, nil, err
	}
	if r.filter == nil {
		r.filter = d.parent.filter
	}
	r.digest, r.hasDigest = digest, true
	d.prev = r
	return index, r, nil
}

// head reads what stands before the fields of a record.
func (d *batchReader) head(flags byte) (*request, error) {
	r := &request{}
	b := d.rest
	take := func(n int) []byte {
		if len(b) < n {
			b = nil
			return make([]byte, n)
		}
		out := b[:n]
		b = b[n:]
		return out
	}
	r.info1 = take(1)[0] &^ info1Batch
	if flags&batchInfo != 0 {
		x := take(2)
		r.info2, r.info3 = x[0], x[1]
	}
	if flags&batchInfo4 != 0 {
		r.info4 = take(1)[0]
	}
	if flags&batchGen != 0 {
		r.generation = uint32(binary.BigEndian.Uint16(take(2)))
	}
	if flags&batchTTL != 0 {
		r.ttl = binary.BigEndian.Uint32(take(4))
	}
	r.fields = binary.BigEndian.Uint16(take(2))
	r.ops = binary.BigEndian.Uint16(take(2))
	if b == nil {
		return nil, errParameter
	}
	d.rest = b
	return r, nil
}

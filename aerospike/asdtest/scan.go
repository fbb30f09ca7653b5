package asdtest

import (
	"encoding/binary"
	"slices"
)

// scan answers a scan or a query without an index: the records of the partitions
// that it names, from the digests on that it names, in order of digest.
func (s *session) scan(req *request) bool {
	ns := s.c.namespace(req.namespace)
	parts, err := scanParts(req)
	if err == nil {
		err = scanAllowed(ns, req)
	}
	if err != nil {
		s.send(&reply{code: codeOf(err), info3: info3Last})
		return true
	}
	left := req.maxRecords
	if left == 0 {
		left = 1<<64 - 1
	}
	for _, p := range parts {
		if left == 0 {
			break
		}
		n, fate, ok := s.scanPart(ns, req, p, left)
		if fate != SendReply {
			return fate == SilentReply
		}
		if !ok {
			return false
		}
		left -= n
	}
	s.send(&reply{info3: info3Last})
	return true
}

// scanAllowed says what is wrong with a scan before it starts.
func scanAllowed(ns *namespace, req *request) error {
	switch {
	case ns == nil:
		return errNamespace
	case req.unsupported:
		return errNoIndex
	case req.info2&info2Write != 0:
		return errUnsupported
	case req.info3&info3SCRead != 0:
		return errEnterpriseOnly
	}
	for _, o := range req.list {
		if len(o.name) > maxBinName {
			return errBinName
		}
	}
	if req.filter != nil {
		_, err := parseFilter(req.filter)
		return err
	}
	return nil
}

// scanPart is one partition to scan, from after a digest if it is being resumed.
type scanPart struct {
	id    int
	after *Digest
}

// scanParts reads which partitions a scan wants.
func scanParts(req *request) ([]scanPart, error) {
	if len(req.partitions)%2 != 0 || len(req.resume)%len(Digest{}) != 0 {
		return nil, errParameter
	}
	var out []scanPart
	for b := range slices.Chunk(req.partitions, 2) {
		id := int(binary.LittleEndian.Uint16(b))
		if id >= partitions {
			return nil, errParameter
		}
		out = append(out, scanPart{id: id})
	}
	for b := range slices.Chunk(req.resume, len(Digest{})) {
		d := Digest(b)
		out = append(out, scanPart{id: partitionOf(d), after: &d})
	}
	if len(out) == 0 || len(out) > partitions {
		return nil, errParameter
	}
	return out, nil
}

// scanPart sends up to left records of one partition and returns how many. ok is
// false if the client is gone.
func (s *session) scanPart(ns *namespace, req *request, part scanPart, left uint64) (n uint64, fate Reply, ok bool) {
	if i := s.c.verdictScan(req, part.id); i != nil {
		s.c.pause(i.f.Delay)
		switch {
		case i.f.Code != OK:
			s.send(&reply{code: i.f.Code, info3: info3PartDone, generation: uint32(part.id)})
			return 0, i.f.Reply, s.out.Flush() == nil
		case i.f.Reply != SendReply:
			return 0, i.f.Reply, true
		}
	}
	s.c.state.RLock()
	records := s.c.partRecords(ns.table(s.c, s.side), part, req.set)
	s.c.state.RUnlock()
	const chunk = 64 << 10
	s.buf = append(s.buf[:0], make([]byte, protoHeaderSize)...)
	for _, found := range records {
		if n == left {
			break
		}
		rep := scanRecord(s.c, ns, req, found)
		if rep == nil {
			continue
		}
		s.buf = rep.append(s.buf)
		n++
		if len(s.buf) > chunk && !s.flushChunk() {
			return n, SendReply, false
		}
	}
	return n, SendReply, len(s.buf) == protoHeaderSize || s.flushChunk()
}

// flushChunk sends what was gathered as a message of its own.
func (s *session) flushChunk() bool {
	setProtoSize(s.buf)
	_, err := s.out.Write(s.buf)
	s.buf = s.buf[:protoHeaderSize]
	return err == nil
}

// found is a record that a scan came upon.
type found struct {
	digest Digest
	r      *record
}

// partRecords returns the records of a partition that a scan has to look at.
func (c *Cluster) partRecords(t *table, part scanPart, set string) []found {
	p := &t.parts[part.id]
	if !p.used.Load() {
		return nil
	}
	now := c.now()
	p.mu.RLock()
	defer p.mu.RUnlock()
	from := 0
	if part.after != nil {
		i, ok := p.index(*part.after)
		if ok {
			i++
		}
		from = i
	}
	var out []found
	for _, s := range p.slots[from:] {
		if r := live(s, 0, now); r != nil && (set == "" || r.set == set) {
			out = append(out, found{s.digest, r})
		}
	}
	return out
}

// scanRecord builds the message for a record; nil if the filter keeps it out.
func scanRecord(c *Cluster, ns *namespace, req *request, f found) *reply {
	sub := *req
	sub.digest = f.digest
	x := &exec{c: c, ns: ns, req: &sub, now: c.now()}
	if x.checkFilter(f.r) != nil {
		return nil
	}
	out := &reply{generation: uint32(f.r.generation), void: f.r.void, fields: []field{
		{fieldNamespace, []byte(ns.name)}, {fieldDigest, f.digest[:]},
	}}
	if f.r.set != "" {
		out.fields = append(out.fields, field{fieldSet, []byte(f.r.set)})
	}
	if len(f.r.key) > 0 {
		out.fields = append(out.fields, field{fieldKey, f.r.key})
	}
	switch {
	case req.info1&info1NoBins != 0:
	case len(req.list) == 0:
		out.results = allBins(f.r)
	default:
		for _, o := range req.list {
			if val := f.r.get(o.name); val.kind != kindNull {
				out.results = append(out.results, result{o.name, val})
			}
		}
	}
	return out
}

// verdictScan finds the fault that has a partition of a scan.
func (c *Cluster) verdictScan(req *request, id int) *Injected {
	if !c.faults.active.Load() {
		return nil
	}
	o := newOp(req, Scan, false)
	o.Partition = id
	return c.faults.pick(o)
}

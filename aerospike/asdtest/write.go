package asdtest

import "slices"

// write answers a request that may change the record.
func (x *exec) write(t *table) *reply {
	if err := x.mayWrite(); err != nil {
		return &reply{code: codeOf(err)}
	}
	p := t.part(x.req.digest)
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.slot(x.req.digest)
	old := live(s, 0, x.now)
	if x.req.info2&info2Delete != 0 {
		if err := x.checkDelete(old); err != nil {
			return failed(old, err)
		}
		x.store(p, nil, old)
		return &reply{}
	}
	pol, err := x.policies()
	if err != nil {
		return &reply{code: codeOf(err)}
	}
	if err := x.checkRecord(old, pol); err != nil {
		if old == nil {
			return &reply{code: codeOf(err)}
		}
		return failed(old, err)
	}
	next, results, err := x.change(old, pol)
	if err != nil {
		x.count(err)
		return failed(old, err)
	}
	out := &reply{results: results}
	if len(next.bins) == 0 { // the last bin is gone, and the record with it
		if x.req.info2&info2Durable != 0 {
			return failed(old, errEnterpriseOnly)
		}
		x.store(p, nil, old)
		return out
	}
	x.store(p, next, old)
	out.generation, out.void = uint32(next.generation), next.void
	return out
}

// store makes next the version of the record and tells the links of it.
func (x *exec) store(p *partition, next, old *record) {
	p.put(x.req.digest, next, x.c.cfg.History)
	x.c.changed(x.ns, x.req.digest, next, old, false)
}

func (x *exec) count(err error) {
	switch codeOf(err) {
	case RecordTooBig:
		x.ns.counts.tooBig.Add(1)
	case GenerationError:
		x.ns.counts.generation.Add(1)
	default:
	}
}

// mayWrite is what refuses writes whatever the record.
func (x *exec) mayWrite() error {
	switch {
	case x.req.info2&info2Durable != 0 && x.req.info2&info2Delete != 0:
		return errEnterpriseOnly
	case x.lim.onlyXDR, x.lim.clockSkew:
		return errForbidden
	case x.lim.stopWrites && x.req.info2&info2Delete == 0:
		return errOutOfSpace
	case x.lim.needSet && x.req.set == "":
		return errParameter
	}
	return nil
}

func (x *exec) checkDelete(old *record) error {
	if old == nil {
		return errKeyNotFound
	}
	if err := x.checkGeneration(old); err != nil {
		return err
	}
	if x.req.set != "" && x.req.set != old.set {
		return errParameter
	}
	return x.checkFilter(old)
}

func (x *exec) checkGeneration(old *record) error {
	have := uint32(0)
	if old != nil {
		have = uint32(old.generation)
	}
	switch {
	case x.req.info2&info2Gen != 0 && x.req.generation != have:
		return errGeneration
	case x.req.info2&info2Gen == 0 && x.req.info2&info2GenGT != 0 && x.req.generation <= have:
		return errGeneration
	}
	return nil
}

// policy is what the flags and operations of a write amount to.
type policy struct {
	mustExist bool
	replace   bool
	readAll   bool
}

// policies checks the operations against the flags, before the record is looked at.
func (x *exec) policies() (policy, error) {
	req := x.req
	p := policy{
		mustExist: req.info3&(info3Update|info3ReplOnly) != 0,
		replace:   req.info3&(info3Replace|info3ReplOnly) != 0,
	}
	if len(req.list) == 0 || len(req.list) > maxOps {
		return p, errParameter
	}
	reads, answers := false, false
	for i := range req.list {
		o := &req.list[i]
		if o.code == opTouch {
			if p.replace {
				return p, errParameter
			}
			p.mustExist = true
			continue
		}
		if len(o.name) > maxBinName {
			return p, errBinName
		}
		if p.replace && o.changesPart() {
			return p, errParameter
		}
		switch o.code {
		case opRead:
			reads = true
			if o.name == "" && req.info1&info1All != 0 {
				if p.readAll || req.info2&info2AllOps != 0 {
					return p, errParameter
				}
				p.readAll = true
				continue
			}
			answers = true
		case opCDTRead, opExpRead:
			reads, answers = true, true
		case opCDTModify:
			answers = true
		}
	}
	if reads && req.info1&info1Read == 0 || p.readAll && answers || !p.readAll && req.info1&info1All != 0 {
		return p, errParameter
	}
	return p, nil
}

// changesPart says that the operation builds on what the record has, which a record
// that is replaced does not.
func (o *op) changesPart() bool {
	switch o.code {
	case opWrite:
		return particle(o.particle) == kindNull
	case opAdd, opAppend, opPrepend, opDeleteAll, opCDTModify:
		return true
	}
	return false
}

// checkRecord is what the record that is there, or is not, refuses.
func (x *exec) checkRecord(old *record, p policy) error {
	if old == nil && p.mustExist {
		return errKeyNotFound
	}
	if old != nil && x.req.info2&info2Create != 0 {
		return errKeyExists
	}
	if err := x.checkGeneration(old); err != nil {
		x.count(err)
		return err
	}
	if old == nil {
		return x.checkTTL()
	}
	if x.req.set != old.set {
		return errParameter
	}
	if err := x.checkFilter(old); err != nil {
		return err
	}
	if len(old.key) > 0 && len(x.req.key) > 0 && string(old.key) != string(x.req.key) {
		return errKeyMismatch
	}
	return x.checkTTL()
}

// Values of a TTL that are not one.
const (
	ttlDefault    = 0
	ttlNever      = 1<<32 - 1
	ttlDontUpdate = 1<<32 - 2
)

func (x *exec) checkTTL() error {
	ttl := x.req.ttl
	if ttl > maxTTL && ttl != ttlNever && ttl != ttlDontUpdate {
		return errParameter
	}
	if x.lim.noTTL && (ttl > 0 && ttl <= maxTTL || ttl == ttlDefault && x.lim.defaultTTL != 0) {
		return errForbidden
	}
	return nil
}

// change builds the next version of the record. It leaves old as it is, so an error
// undoes everything.
func (x *exec) change(old *record, p policy) (*record, []result, error) {
	next := &record{set: x.req.set, generation: 1, lut: x.c.millis()}
	if len(x.req.key) > 0 {
		next.key = slices.Clone(x.req.key)
	}
	if old != nil {
		next.generation = nextGeneration(old.generation)
		next.lut = max(next.lut, old.lut)
		next.set, next.void = old.set, old.void
		if len(old.key) > 0 {
			next.key = old.key
		}
		if !p.replace {
			next.bins = append(make([]bin, 0, len(old.bins)+1), old.bins...)
		}
	}
	next.void = x.voidTime(old)
	next.size = block // what an expression inside the operations sees
	if old != nil {
		next.size = old.size
	}
	x.newKey = old == nil || len(old.key) == 0
	results, err := x.operate(next, p)
	if err != nil {
		return nil, nil, err
	}
	if len(next.bins) > maxBins {
		return nil, nil, errParameter
	}
	if len(next.bins) == 0 && old == nil {
		return nil, nil, errKeyNotFound
	}
	size := next.flatSize()
	if uint64(size) > x.lim.maxRecord {
		return nil, nil, errTooBig
	}
	next.size = (size + block - 1) / block * block
	return next, results, nil
}

// nextGeneration counts in 16 bits and leaves out 0.
func nextGeneration(n uint16) uint16 {
	if n++; n == 0 {
		return 1
	}
	return n
}

// voidTime returns when the record expires after this write.
func (x *exec) voidTime(old *record) uint32 {
	now, ttl := uint32(x.now.Unix()-epoch), x.req.ttl
	if ttl == ttlDontUpdate {
		if old != nil {
			return old.void
		}
		ttl = ttlDefault
	}
	if ttl == ttlDefault {
		ttl = x.lim.defaultTTL
	}
	void := uint32(0)
	if ttl != 0 && ttl != ttlNever {
		void = now + ttl
	}
	if old != nil && !x.lim.reductions && (old.void == 0 && void != 0 || void != 0 && void < old.void) {
		return old.void
	}
	return void
}

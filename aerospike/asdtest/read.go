package asdtest

import "time"

// Operations, as the protocol numbers them.
const (
	opRead      = 1
	opWrite     = 2
	opCDTRead   = 3
	opCDTModify = 4
	opAdd       = 5
	opExpRead   = 7
	opExpModify = 8
	opAppend    = 9
	opPrepend   = 10
	opTouch     = 11
	opDeleteAll = 14
)

// exec is one request for one record at work.
type exec struct {
	c   *Cluster
	ns  *namespace
	req *request
	lim *limits
	now time.Time
	// newKey says that this request is the one that stores the key.
	newKey bool
}

// failed answers a code. What is known of the record goes along, as the server does
// it.
func failed(r *record, err error) *reply {
	out := &reply{code: codeOf(err)}
	if r != nil {
		out.generation, out.void = uint32(r.generation), r.void
	}
	return out
}

// live returns the record of a slot as a request sees it: none if it has expired.
func live(s *slot, stale int, now time.Time) *record {
	if s == nil {
		return nil
	}
	r := s.back(stale)
	if r == nil || r.expired(now) {
		return nil
	}
	return r
}

// read answers a request that changes nothing.
func (x *exec) read(t *table, stale int) *reply {
	p := t.part(x.req.digest)
	p.mu.RLock()
	r := live(p.slot(x.req.digest), stale, x.now)
	p.mu.RUnlock()
	if r == nil {
		return &reply{code: KeyNotFound}
	}
	if x.req.set != "" && x.req.set != r.set {
		return failed(r, errParameter)
	}
	if err := x.checkFilter(r); err != nil {
		return failed(r, err)
	}
	if len(x.req.key) > 0 && len(r.key) > 0 && string(x.req.key) != string(r.key) {
		return failed(r, errKeyMismatch)
	}
	results, err := x.readBins(r)
	if err != nil {
		return failed(r, err)
	}
	return &reply{generation: uint32(r.generation), void: r.void, results: results}
}

// checkFilter applies the filter of the request, if there is one, to r.
func (x *exec) checkFilter(r *record) error {
	if x.req.filter == nil {
		return nil
	}
	f, err := parseFilter(x.req.filter)
	if err != nil {
		return err
	}
	if !f.matches(x.env(r)) {
		return errFilteredOut
	}
	return nil
}

func (x *exec) env(r *record) *env {
	return &env{
		r: r, digest: x.req.digest, now: x.now, newKey: x.newKey,
		memory: x.ns.settings.get("storage-engine") == "memory",
	}
}

func allBins(r *record) []result {
	out := make([]result, 0, len(r.bins))
	for _, b := range r.bins {
		out = append(out, result(b))
	}
	return out
}

func (x *exec) readBins(r *record) ([]result, error) {
	switch {
	case x.req.info1&info1NoBins != 0:
		return nil, nil
	case x.req.info1&info1All != 0:
		return allBins(r), nil
	case len(x.req.list) == 0:
		return nil, errParameter
	}
	every := x.req.info2&info2AllOps != 0
	var out []result
	for i := range x.req.list {
		o := &x.req.list[i]
		if len(o.name) > maxBinName {
			return nil, errBinName
		}
		val, err := x.readOp(r, o)
		if err != nil {
			return nil, err
		}
		if every || val.kind != kindNull {
			out = append(out, result{o.name, val})
		}
	}
	return out, nil
}

// readOp evaluates an operation that reads; the value's kind is null if there is
// nothing to tell.
func (x *exec) readOp(r *record, o *op) (value, error) {
	switch o.code {
	case opRead:
		return r.get(o.name), nil
	case opCDTRead:
		val := r.get(o.name)
		cdt, err := parseCDT(o.value)
		if err != nil || val.kind == kindNull {
			if val.kind == kindNull {
				err = nil
			}
			return value{}, err
		}
		return cdt.read(val)
	case opExpRead:
		return x.expRead(r, o)
	default:
		return value{}, errParameter
	}
}

package asdtest

import "slices"

// operate applies the operations of the request, in order, to next, which is the
// caller's own, and returns what they answer.
func (x *exec) operate(next *record, p policy) ([]result, error) {
	every := x.req.info2&info2AllOps != 0
	var out []result
	for i := range x.req.list {
		o := &x.req.list[i]
		if o.code == opTouch {
			continue
		}
		if p.readAll && o.code == opRead && o.name == "" {
			out = append(out, allBins(next)...)
			continue
		}
		val, err := x.operation(next, o)
		if err != nil {
			return nil, err
		}
		if every || val.kind != kindNull || o.reads() && (o.code == opExpRead || next.find(o.name) >= 0) {
			out = append(out, result{o.name, val})
		}
	}
	return out, nil
}

// reads says that the operation looks into a value, so that nil may be its answer.
func (o *op) reads() bool { return o.code == opCDTRead || o.code == opExpRead }

// operation applies one operation and returns its answer, of kind null if it has
// none.
func (x *exec) operation(next *record, o *op) (value, error) {
	switch o.code {
	case opWrite:
		if particle(o.particle) == kindNull {
			next.setBin(o.name, value{})
			return value{}, nil
		}
		val, err := newValue(particle(o.particle), o.value)
		if err != nil {
			return value{}, err
		}
		next.setBin(o.name, val)
		return value{}, nil
	case opAdd, opAppend, opPrepend:
		val, err := o.combine(next.get(o.name))
		if err != nil {
			return value{}, err
		}
		next.setBin(o.name, val)
		return value{}, nil
	case opDeleteAll:
		next.bins = nil
		return value{}, nil
	case opCDTModify:
		cdt, err := parseCDT(o.value)
		if err != nil {
			return value{}, err
		}
		val, res, err := cdt.modify(next.get(o.name))
		if err != nil {
			return value{}, err
		}
		next.setBin(o.name, val)
		return res, nil
	case opExpModify:
		return value{}, x.expModify(next, o)
	default:
		return x.readOp(next, o)
	}
}

// setBin puts a value into a bin, or takes the bin away if the value's kind is null.
// The record must be the caller's own.
func (r *record) setBin(name string, val value) {
	i := r.find(name)
	switch {
	case val.kind == kindNull && i >= 0:
		r.bins = slices.Delete(r.bins, i, i+1)
	case val.kind == kindNull:
	case i >= 0:
		r.bins[i].val = val
	default:
		r.bins = append(r.bins, bin{name, val})
	}
}

// combine adds the value of the operation to what the bin has.
func (o *op) combine(old value) (value, error) {
	val, err := newValue(particle(o.particle), o.value)
	if err != nil {
		return value{}, err
	}
	if o.code == opAdd {
		return addValues(old, val)
	}
	if val.kind != kindString && val.kind != kindBlob {
		return value{}, errParameter
	}
	switch {
	case old.kind == kindNull:
		return val, nil
	case old.kind != val.kind:
		return value{}, errType
	case o.code == opAppend:
		return value{kind: val.kind, raw: slices.Concat(old.raw, val.raw)}, nil
	default:
		return value{kind: val.kind, raw: slices.Concat(val.raw, old.raw)}, nil
	}
}

// addValues adds two numbers of one kind; a missing one counts as zero.
func addValues(a, b value) (value, error) {
	switch {
	case b.kind != kindInt && b.kind != kindFloat:
		return value{}, errParameter
	case a.kind == kindNull:
		return b, nil
	case a.kind != b.kind:
		return value{}, errType
	case a.kind == kindFloat:
		return floatValue(a.float() + b.float()), nil
	default:
		return intValue(a.int() + b.int()), nil
	}
}

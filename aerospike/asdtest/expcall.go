package asdtest

// call parses an operation on a map or list: what it yields, which module, the
// operation with its arguments, and the value that it is applied to. Arguments that
// are lists are expressions.
func (p *expParser) call(n int) (*expression, error) {
	if err := want(n, 4); err != nil {
		return nil, err
	}
	const modify = 0x40
	t, err := p.int()
	if err != nil || t < int64(typeNil) || t > int64(typeHLL) {
		return nil, errParameter
	}
	module, err := p.int()
	if err != nil || module&^modify != 0 { // only maps and lists; bits and HLL are not there
		return nil, errParameter
	}
	e, ok := readElement(p.b)
	if !ok || e.class != classList || e.n == 0 || e.n > uint64(len(p.b)) {
		return nil, errParameter
	}
	p.b = p.b[e.size:]
	code, err := p.int()
	if err != nil || code >= 0xff { // 0xff reaches into nested values
		return nil, errParameter
	}
	args, err := p.arguments(int(e.n) - 1)
	if err != nil {
		return nil, err
	}
	on, err := p.next()
	if err != nil {
		return nil, err
	}
	c := &call{typ: expType(t), code: code, modify: module&modify != 0, args: args, on: on}
	return &expression{typ: c.typ, eval: c.eval}, nil
}

func (p *expParser) arguments(n int) ([]*expression, error) {
	out := make([]*expression, 0, min(n, len(p.b)))
	for range n {
		e, ok := readElement(p.b)
		if !ok {
			return nil, errParameter
		}
		if e.class == classList {
			x, err := p.next()
			if err != nil {
				return nil, err
			}
			out = append(out, x)
			continue
		}
		b, err := p.element()
		if err != nil {
			return nil, err
		}
		out = append(out, packedConstant(b))
	}
	return out, nil
}

// packedConstant is an argument that stays as it is, so that a wildcard may be one.
func packedConstant(b []byte) *expression {
	if v, err := unpackValue(b); err == nil {
		if x, err := constant(v); err == nil {
			return x
		}
	}
	own := append([]byte(nil), b...)
	return &expression{eval: func(*env) (value, bool) { return value{kind: kindPacked, raw: own}, true }}
}

// kindPacked marks a value that exists only as an argument.
const kindPacked particle = 0xff

// call is an operation on a map or list at work.
type call struct {
	typ    expType
	code   int64
	modify bool
	args   []*expression
	on     *expression
}

func (c *call) eval(e *env) (value, bool) {
	o := &cdtOp{code: c.code, params: make([][]byte, 0, len(c.args))}
	for _, a := range c.args {
		v, ok := a.eval(e)
		if !ok {
			return value{}, false
		}
		b := v.raw
		if v.kind != kindPacked {
			if b, ok = v.packed(); !ok {
				return value{}, false
			}
		}
		o.params = append(o.params, b)
	}
	on, ok := c.on.eval(e)
	if !ok {
		return value{}, false
	}
	res, err := c.apply(o, on)
	return res, err == nil && res.kind == c.typ.kind()
}

func (c *call) apply(o *cdtOp, on value) (value, error) {
	if c.modify {
		next, _, err := o.modify(on)
		return next, err
	}
	return o.read(on)
}

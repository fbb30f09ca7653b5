package asdtest

// Flags of an operation that evaluates an expression.
const (
	expCreateOnly   = 1 << 0
	expUpdateOnly   = 1 << 1
	expAllowDelete  = 1 << 2
	expPolicyNoFail = 1 << 3
	expEvalNoFail   = 1 << 4
)

// parseExpOp reads the value of an operation: an expression and flags.
func parseExpOp(b []byte, allowed int64) (*expression, int64, error) {
	parts, ok := cutList(b)
	if !ok || len(parts) == 0 || len(parts) > 2 {
		return nil, 0, errParameter
	}
	var flags int64
	if len(parts) == 2 {
		e, ok := readElement(parts[1])
		if !ok || e.class != classInt || int64(e.n)&^allowed != 0 {
			return nil, 0, errParameter
		}
		flags = int64(e.n)
	}
	x, err := parseExpression(parts[0])
	return x, flags, err
}

// expRead evaluates an expression and returns its value.
func (x *exec) expRead(r *record, o *op) (value, error) {
	exp, flags, err := parseExpOp(o.value, expEvalNoFail)
	if err != nil {
		return value{}, err
	}
	v, ok := exp.run(x.env(r))
	if !ok {
		if flags&expEvalNoFail != 0 {
			return value{}, nil
		}
		return value{}, errNotApplicable
	}
	return v, nil
}

// expModify evaluates an expression and writes its value into a bin of next.
func (x *exec) expModify(next *record, o *op) error {
	exp, flags, err := parseExpOp(o.value, expCreateOnly|expUpdateOnly|expAllowDelete|expPolicyNoFail|expEvalNoFail)
	if err != nil {
		return err
	}
	exists := next.find(o.name) >= 0
	var denied error
	switch {
	case exists && flags&expCreateOnly != 0:
		denied = errBinExists
	case !exists && flags&expUpdateOnly != 0:
		denied = errBinNotFound
	}
	if denied != nil {
		if flags&expPolicyNoFail != 0 {
			return nil
		}
		return denied
	}
	v, ok := exp.run(x.env(next))
	switch {
	case !ok && flags&expEvalNoFail != 0:
		return nil
	case !ok:
		return errNotApplicable
	case v.kind == kindNull && exists && flags&expAllowDelete == 0:
		if flags != 0 { // the server takes any flag for the one that forgives
			return nil
		}
		return errNotApplicable
	}
	next.setBin(o.name, v)
	return nil
}

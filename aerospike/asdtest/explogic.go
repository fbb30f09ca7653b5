package asdtest

import (
	"bytes"
	"cmp"
)

// compare parses a comparison of two values of one type.
func (p *expParser) compare(code int64, n int) (*expression, error) {
	if err := want(n, 2); err != nil {
		return nil, err
	}
	args, err := p.several(2)
	if err != nil {
		return nil, err
	}
	l, r := args[0], args[1]
	if l.typ != r.typ || l.typ == typeHLL || l.typ == typeGeo {
		return nil, errParameter
	}
	return &expression{typ: typeBool, eval: func(e *env) (value, bool) {
		a, ok := l.eval(e)
		if !ok {
			return value{}, false
		}
		b, ok := r.eval(e)
		if !ok {
			return value{}, false
		}
		c, ok := compareValues(a, b)
		return boolValue(holds(code, c)), ok
	}}, nil
}

// holds says whether a comparison whose outcome is c is true.
func holds(code int64, c int) bool {
	switch code {
	case expEq:
		return c == 0
	case expNe:
		return c != 0
	case expGt:
		return c > 0
	case expGe:
		return c >= 0
	case expLt:
		return c < 0
	default:
		return c <= 0
	}
}

// compareValues orders two values of one kind. ok is false if it came upon a map
// without an order, which the server does not compare.
func compareValues(a, b value) (c int, ok bool) {
	switch a.kind {
	case kindNull:
		return 0, true
	case kindInt:
		return cmp.Compare(a.int(), b.int()), true
	case kindFloat:
		return cmp.Compare(a.float(), b.float()), true
	case kindMap, kindList:
		x, _ := a.packed()
		y, _ := b.packed()
		var m comparer
		c, _, _ = m.first(x, y)
		return c, !m.unordered
	default:
		return bytes.Compare(a.raw, b.raw), true
	}
}

// logic parses and, or, not and exclusive.
func (p *expParser) logic(code int64, n int) (*expression, error) {
	if code == expNot && n != 1 || code != expNot && n < 2 {
		return nil, errParameter
	}
	args, err := p.several(n)
	if err != nil {
		return nil, err
	}
	for _, a := range args {
		if a.typ != typeBool {
			return nil, errParameter
		}
	}
	out := &expression{typ: typeBool}
	switch code {
	case expNot:
		out.eval = func(e *env) (value, bool) {
			v, ok := args[0].eval(e)
			return boolValue(ok && !isTrue(v)), ok
		}
	case expExclusive:
		out.eval = func(e *env) (value, bool) { return exactlyOne(e, args) }
	default:
		decides := code == expOr // the answer that one argument is enough for
		out.eval = func(e *env) (value, bool) { return anyIs(e, args, decides) }
	}
	return out, nil
}

func isTrue(v value) bool { return v.kind == kindBool && v.raw[0] == 1 }

// anyIs returns decides if an argument is that, its opposite if none is, and is not
// known if that hangs on one that is not known.
func anyIs(e *env, args []*expression, decides bool) (value, bool) {
	known := true
	for _, a := range args {
		v, ok := a.eval(e)
		switch {
		case !ok:
			known = false
		case isTrue(v) == decides:
			return boolValue(decides), true
		}
	}
	return boolValue(!decides), known
}

func exactlyOne(e *env, args []*expression) (value, bool) {
	one := false
	for _, a := range args {
		v, ok := a.eval(e)
		if !ok {
			return value{}, false
		}
		if isTrue(v) {
			if one {
				return boolValue(false), true
			}
			one = true
		}
	}
	return boolValue(one), true
}

// cond parses a choice: pairs of a condition and a value, and a value for the rest.
// All values have one type, but for those that are never known.
func (p *expParser) cond(n int) (*expression, error) {
	if n < 3 || n%2 == 0 {
		return nil, errParameter
	}
	args, err := p.several(n)
	if err != nil {
		return nil, err
	}
	var typ expType
	typed := false
	for i, a := range args {
		if i%2 == 0 && i < n-1 {
			if a.typ != typeBool {
				return nil, errParameter
			}
			continue
		}
		switch {
		case a.unknown && i < n-1:
		case !typed:
			typ, typed = a.typ, true
		case a.typ != typ && !a.unknown:
			return nil, errParameter
		}
	}
	return &expression{typ: typ, eval: func(e *env) (value, bool) {
		for i := 0; i < n-1; i += 2 {
			v, ok := args[i].eval(e)
			if !ok {
				return value{}, false
			}
			if isTrue(v) {
				return args[i+1].eval(e)
			}
		}
		return args[n-1].eval(e)
	}}, nil
}

// let parses the definition of variables and what uses them.
func (p *expParser) let(n int) (*expression, error) {
	if n < 3 || n%2 == 0 {
		return nil, errParameter
	}
	first := len(p.scope)
	values := make([]*expression, 0, min(n/2, len(p.b)))
	for range n / 2 {
		name, err := p.text()
		if err != nil || !isVariable(name) || p.lookup(name) >= 0 {
			return nil, errParameter
		}
		at := len(p.scope)
		p.scope = append(p.scope, declared{name: name})
		p.maxVars = max(p.maxVars, len(p.scope))
		x, err := p.next()
		if err != nil {
			return nil, err
		}
		p.scope[at].typ, p.scope[at].done = x.typ, true
		values = append(values, x)
	}
	body, err := p.next()
	if err != nil {
		return nil, err
	}
	p.scope = p.scope[:first]
	return &expression{typ: body.typ, eval: func(e *env) (value, bool) {
		for i, x := range values {
			v, ok := x.eval(e)
			e.vars[first+i] = variable{v, ok}
		}
		return body.eval(e)
	}}, nil
}

func isVariable(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func (p *expParser) lookup(name string) int {
	for i, d := range p.scope {
		if d.name == name {
			return i
		}
	}
	return -1
}

// variable parses the use of a variable.
func (p *expParser) variable(n int) (*expression, error) {
	name, err := p.text()
	if err != nil {
		return nil, err
	}
	i := p.lookup(name)
	if i < 0 || !p.scope[i].done {
		return nil, errParameter
	}
	return &expression{typ: p.scope[i].typ, eval: func(e *env) (value, bool) {
		return e.vars[i].v, e.vars[i].ok
	}}, want(n, 1)
}

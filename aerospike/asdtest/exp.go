package asdtest

import (
	"encoding/binary"
	"time"
)

// expType is what an expression yields, known when it is parsed. The numbers are
// those of the protocol.
type expType int

const (
	typeNil    expType = 0
	typeBool   expType = 1
	typeInt    expType = 2
	typeString expType = 3
	typeList   expType = 4
	typeMap    expType = 5
	typeBlob   expType = 6
	typeFloat  expType = 7
	typeGeo    expType = 8
	typeHLL    expType = 9
)

// kind returns the kind of the values of a type.
func (t expType) kind() particle {
	return [...]particle{
		kindNull, kindBool, kindInt, kindString, kindList, kindMap, kindBlob, kindFloat, kindGeo, kindHLL,
	}[t]
}

// expression is a parsed expression.
type expression struct {
	typ     expType
	unknown bool // it is the expression that is never known
	eval    evaluator
	vars    int // how many variables it needs; set on the outermost one
}

// evaluator computes a value. ok is false if it is not known, as that of a missing
// bin is.
type evaluator func(*env) (v value, ok bool)

// env is what an expression is evaluated against.
type env struct {
	r      *record
	digest Digest
	now    time.Time
	memory bool // the namespace is in memory
	newKey bool // the key is being stored just now
	vars   []variable
}

type variable struct {
	v  value
	ok bool
}

// run evaluates the outermost expression.
func (x *expression) run(e *env) (value, bool) {
	if x.vars > 0 {
		e.vars = make([]variable, x.vars)
	}
	return x.eval(e)
}

// matches says whether a filter lets the record through. What is not known, or not
// a bool, does not.
func (x *expression) matches(e *env) bool {
	v, ok := x.run(e)
	return ok && v.kind == kindBool && v.raw[0] == 1
}

// parseFilter parses an expression that yields a bool.
func parseFilter(b []byte) (*expression, error) {
	x, err := parseExpression(b)
	if err == nil && x.typ != typeBool {
		err = errParameter
	}
	return x, err
}

// parseExpression parses an expression that is all of b. Anything that the server
// would not take is a ParameterError.
func parseExpression(b []byte) (*expression, error) {
	if len(b) >= maxExpSize {
		return nil, errParameter
	}
	p := &expParser{b: b}
	x, err := p.next()
	if err != nil {
		return nil, err
	}
	if len(p.b) != 0 {
		return nil, errParameter
	}
	x.vars = p.maxVars
	return x, nil
}

// Operators, as the protocol numbers them.
const (
	expUnknown      = 0
	expEq           = 1
	expNe           = 2
	expGt           = 3
	expGe           = 4
	expLt           = 5
	expLe           = 6
	expAnd          = 16
	expOr           = 17
	expNot          = 18
	expExclusive    = 19
	expAdd          = 20
	expSub          = 21
	expMul          = 22
	expDiv          = 23
	expPow          = 24
	expLog          = 25
	expMod          = 26
	expAbs          = 27
	expFloor        = 28
	expCeil         = 29
	expToInt        = 30
	expToFloat      = 31
	expIntAnd       = 32
	expIntOr        = 33
	expIntXor       = 34
	expIntNot       = 35
	expLeftShift    = 36
	expRightShift   = 37
	expSignedShift  = 38
	expIntCount     = 39
	expMin          = 50
	expMax          = 51
	expDigestModulo = 64
	expDeviceSize   = 65
	expLastUpdate   = 66
	expSinceUpdate  = 67
	expVoidTime     = 68
	expTTL          = 69
	expSetName      = 70
	expKeyExists    = 71
	expIsTombstone  = 72
	expMemorySize   = 73
	expRecordSize   = 74
	expKey          = 80
	expBin          = 81
	expBinType      = 82
	expCond         = 123
	expVar          = 124
	expLet          = 125
	expQuote        = 126
	expCall         = 127
)

// Bounds of an expression: its bytes, as on the real server, and how deep it nests.
const (
	maxExpSize  = 1 << 20
	maxExpDepth = 256
)

// expParser parses one expression. It consumes b.
type expParser struct {
	b       []byte
	depth   int
	scope   []declared
	maxVars int
}

// declared is a variable that may be used.
type declared struct {
	name string
	typ  expType
	done bool // its value is parsed
}

// next parses the next expression: an operator with its arguments, or a value.
func (p *expParser) next() (*expression, error) {
	if p.depth++; p.depth > maxExpDepth {
		return nil, errParameter
	}
	defer func() { p.depth-- }()
	e, ok := readElement(p.b)
	if !ok {
		return nil, errParameter
	}
	if e.class != classList {
		return p.literal()
	}
	if e.n == 0 || e.n > uint64(len(p.b)) {
		return nil, errParameter
	}
	p.b = p.b[e.size:]
	code, err := p.int()
	if err != nil {
		return nil, err
	}
	return p.operator(code, int(e.n)-1)
}

// operator parses the n arguments of an operator.
func (p *expParser) operator(code int64, n int) (*expression, error) {
	switch {
	case code == expUnknown:
		return &expression{typ: typeBool, unknown: true, eval: func(*env) (value, bool) { return value{}, false }}, want(n, 0)
	case code >= expEq && code <= expLe:
		return p.compare(code, n)
	case code >= expAnd && code <= expExclusive:
		return p.logic(code, n)
	case code >= expAdd && code <= expMax:
		return p.arithmetic(code, n)
	case code >= expDigestModulo && code <= expRecordSize:
		return p.metadata(code, n)
	}
	switch code {
	case expKey, expBin, expBinType:
		return p.content(code, n)
	case expCond:
		return p.cond(n)
	case expVar:
		return p.variable(n)
	case expLet:
		return p.let(n)
	case expQuote:
		return p.quote(n)
	case expCall:
		return p.call(n)
	}
	return nil, errParameter
}

// want fails unless an operator has k arguments.
func want(n, k int) error {
	if n != k {
		return errParameter
	}
	return nil
}

// int reads an integer that is not an expression.
func (p *expParser) int() (int64, error) {
	e, ok := readElement(p.b)
	if !ok || e.class != classInt || e.big {
		return 0, errParameter
	}
	p.b = p.b[e.size:]
	return int64(e.n), nil
}

// text reads a string that is not an expression, and so has no type byte.
func (p *expParser) text() (string, error) {
	e, ok := readElement(p.b)
	if !ok || e.class != classString && e.class != classBlob && e.class != classGeo {
		return "", errParameter
	}
	p.b = p.b[e.size:]
	return string(e.body), nil
}

// element takes the next element whatever it is.
func (p *expParser) element() ([]byte, error) {
	first, rest, ok := cutElement(p.b)
	if !ok {
		return nil, errParameter
	}
	p.b = rest
	return first, nil
}

// literal parses a value.
func (p *expParser) literal() (*expression, error) {
	b, err := p.element()
	if err != nil {
		return nil, err
	}
	v, err := unpackValue(b)
	if err != nil {
		return nil, err
	}
	return constant(v)
}

func constant(v value) (*expression, error) {
	for t := typeNil; t <= typeHLL; t++ {
		if t.kind() == v.kind {
			return &expression{typ: t, eval: func(*env) (value, bool) { return v, true }}, nil
		}
	}
	return nil, errParameter
}

// quote parses a list that is a value.
func (p *expParser) quote(n int) (*expression, error) {
	if err := want(n, 1); err != nil {
		return nil, err
	}
	b, err := p.element()
	if err != nil {
		return nil, err
	}
	l, err := decodeList(b)
	if err != nil {
		return nil, err
	}
	return constant(value{kind: kindList, l: l})
}

// several parses n expressions.
func (p *expParser) several(n int) ([]*expression, error) {
	out := make([]*expression, 0, min(n, len(p.b)))
	for range n {
		x, err := p.next()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// content parses what reads the key or a bin.
func (p *expParser) content(code int64, n int) (*expression, error) {
	typ := typeInt
	if code != expBinType {
		t, err := p.int()
		if err != nil || t < int64(typeNil) || t > int64(typeHLL) {
			return nil, errParameter
		}
		typ = expType(t)
	}
	if code == expKey {
		return &expression{typ: typ, eval: func(e *env) (value, bool) { return e.key(typ) }}, want(n, 1)
	}
	name, err := p.text()
	if err != nil {
		return nil, err
	}
	if code == expBinType {
		return &expression{typ: typ, eval: func(e *env) (value, bool) {
			return intValue(int64(e.r.get(name).kind)), true
		}}, want(n, 1)
	}
	return &expression{typ: typ, eval: func(e *env) (value, bool) {
		v := e.r.get(name)
		return v, v.kind != kindNull && v.kind == typ.kind()
	}}, want(n, 2)
}

// key returns the stored key, if it is stored and of the type.
func (e *env) key(typ expType) (value, bool) {
	if len(e.r.key) == 0 {
		return value{}, false
	}
	v, err := newValue(particle(e.r.key[0]), e.r.key[1:])
	return v, err == nil && v.kind == typ.kind()
}

// metadata parses what reads the record's metadata.
func (p *expParser) metadata(code int64, n int) (*expression, error) {
	if code == expDigestModulo {
		mod, err := p.int()
		if err != nil || mod == 0 {
			return nil, errParameter
		}
		return &expression{typ: typeInt, eval: func(e *env) (value, bool) {
			return intValue(int64(binary.LittleEndian.Uint32(e.digest[16:])) % mod), true
		}}, want(n, 1)
	}
	typ, get := metadataOf(code)
	if get == nil {
		return nil, errParameter
	}
	return &expression{typ: typ, eval: func(e *env) (value, bool) { return get(e), true }}, want(n, 0)
}

// metadataOf returns the type of a piece of metadata and how to get it.
func metadataOf(code int64) (expType, func(*env) value) {
	const second = int64(time.Second)
	switch code {
	case expDeviceSize, expMemorySize, expRecordSize:
		return typeInt, func(e *env) value {
			if code == expDeviceSize && e.memory || code == expMemorySize && !e.memory {
				return intValue(0)
			}
			return intValue(int64(e.r.size))
		}
	case expLastUpdate:
		return typeInt, func(e *env) value { return intValue(epoch*second + int64(e.r.lut)*int64(time.Millisecond)) }
	case expSinceUpdate:
		return typeInt, func(e *env) value { return intValue(max(0, e.now.UnixMilli()-epoch*1000-int64(e.r.lut))) }
	case expVoidTime:
		return typeInt, func(e *env) value {
			if e.r.void == 0 {
				return intValue(-1)
			}
			return intValue((epoch + int64(e.r.void)) * second)
		}
	case expTTL:
		return typeInt, func(e *env) value {
			if e.r.void == 0 {
				return intValue(-1)
			}
			return intValue(max(0, int64(e.r.void)-(e.now.Unix()-epoch)))
		}
	case expSetName:
		return typeString, func(e *env) value { return value{kind: kindString, raw: []byte(e.r.set)} }
	case expKeyExists:
		return typeBool, func(e *env) value { return boolValue(len(e.r.key) > 0 && !e.newKey) }
	case expIsTombstone:
		return typeBool, func(*env) value { return boolValue(false) }
	}
	return typeNil, nil
}

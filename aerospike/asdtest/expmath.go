package asdtest

import (
	"math"
	"math/bits"
)

// number computes on a pair of numbers of one kind. ok is false if there is no
// answer.
type number struct {
	ints   func(a, b int64) (int64, bool)
	floats func(a, b float64) float64
}

// arithmetic parses an operator on numbers.
func (p *expParser) arithmetic(code int64, n int) (*expression, error) {
	op, lo, hi := arithmeticOf(code)
	if op.ints == nil && op.floats == nil || n < lo || hi > 0 && n > hi {
		return nil, errParameter
	}
	args, err := p.several(n)
	if err != nil {
		return nil, err
	}
	typ := args[0].typ
	for _, a := range args {
		if a.typ != typ {
			return nil, errParameter
		}
	}
	switch {
	case code == expToInt && typ == typeFloat:
		return convert(args[0], typeInt, func(v value) value { return intValue(int64(v.float())) }), nil
	case code == expToFloat && typ == typeInt:
		return convert(args[0], typeFloat, func(v value) value { return floatValue(float64(v.int())) }), nil
	case code == expToInt, code == expToFloat,
		typ == typeInt && op.ints == nil, typ == typeFloat && op.floats == nil, typ != typeInt && typ != typeFloat:
		return nil, errParameter
	}
	return &expression{typ: typ, eval: func(e *env) (value, bool) { return op.fold(e, code, args) }}, nil
}

func convert(x *expression, typ expType, f func(value) value) *expression {
	return &expression{typ: typ, eval: func(e *env) (value, bool) {
		v, ok := x.eval(e)
		if !ok {
			return value{}, false
		}
		return f(v), true
	}}
}

// fold computes from left to right. With one argument, subtraction and division
// take it from 0 and divide 1 by it.
func (op number) fold(e *env, code int64, args []*expression) (value, bool) {
	acc, ok := args[0].eval(e)
	if !ok {
		return value{}, false
	}
	rest := args[1:]
	if len(rest) == 0 {
		switch code {
		case expAdd, expMul, expMin, expMax, expIntAnd, expIntOr, expIntXor:
			return acc, true
		case expSub:
			return op.pair(zero(acc.kind, 0), acc)
		case expDiv:
			return op.pair(zero(acc.kind, 1), acc)
		}
		return op.pair(acc, acc)
	}
	for _, x := range rest {
		v, ok := x.eval(e)
		if !ok {
			return value{}, false
		}
		if acc, ok = op.pair(acc, v); !ok {
			return value{}, false
		}
	}
	return acc, true
}

func zero(kind particle, n int64) value {
	if kind == kindFloat {
		return floatValue(float64(n))
	}
	return intValue(n)
}

func (op number) pair(a, b value) (value, bool) {
	if a.kind == kindFloat {
		return floatValue(op.floats(a.float(), b.float())), true
	}
	n, ok := op.ints(a.int(), b.int())
	return intValue(n), ok
}

// total makes a function of integers that always has an answer.
func total(f func(a, b int64) int64) func(a, b int64) (int64, bool) {
	return func(a, b int64) (int64, bool) { return f(a, b), true }
}

// arithmeticOf returns an operator and how many arguments it takes; hi 0 is any
// number.
func arithmeticOf(code int64) (op number, lo, hi int) {
	switch code {
	case expAdd:
		return number{total(func(a, b int64) int64 { return a + b }), func(a, b float64) float64 { return a + b }}, 1, 0
	case expSub:
		return number{total(func(a, b int64) int64 { return a - b }), func(a, b float64) float64 { return a - b }}, 1, 0
	case expMul:
		return number{total(func(a, b int64) int64 { return a * b }), func(a, b float64) float64 { return a * b }}, 1, 0
	case expDiv:
		return number{divide, func(a, b float64) float64 { return a / b }}, 1, 0
	case expPow:
		return number{floats: math.Pow}, 2, 2
	case expLog:
		return number{floats: func(a, b float64) float64 { return math.Log(a) / math.Log(b) }}, 2, 2
	case expMod:
		return number{ints: modulo}, 2, 2
	case expAbs:
		abs := func(a, _ float64) float64 { return math.Abs(a) }
		return number{total(func(a, _ int64) int64 { return max(a, -a) }), abs}, 1, 1
	case expFloor:
		return number{floats: func(a, _ float64) float64 { return math.Floor(a) }}, 1, 1
	case expCeil:
		return number{floats: func(a, _ float64) float64 { return math.Ceil(a) }}, 1, 1
	case expToInt, expToFloat:
		return number{ints: divide}, 1, 1 // converted by the caller
	case expMin:
		return number{total(func(a, b int64) int64 { return min(a, b) }), math.Min}, 1, 0
	case expMax:
		return number{total(func(a, b int64) int64 { return max(a, b) }), math.Max}, 1, 0
	}
	return bitsOf(code)
}

// bitsOf returns the operators on the bits of integers.
func bitsOf(code int64) (op number, lo, hi int) {
	switch code {
	case expIntAnd:
		return number{ints: total(func(a, b int64) int64 { return a & b })}, 1, 0
	case expIntOr:
		return number{ints: total(func(a, b int64) int64 { return a | b })}, 1, 0
	case expIntXor:
		return number{ints: total(func(a, b int64) int64 { return a ^ b })}, 1, 0
	case expIntNot:
		return number{ints: total(func(a, _ int64) int64 { return ^a })}, 1, 1
	case expLeftShift:
		return number{ints: total(func(a, b int64) int64 { return a << (uint64(b) & 63) })}, 2, 2
	case expRightShift:
		return number{ints: total(func(a, b int64) int64 { return int64(uint64(a) >> (uint64(b) & 63)) })}, 2, 2
	case expSignedShift:
		return number{ints: total(func(a, b int64) int64 { return a >> (uint64(b) & 63) })}, 2, 2
	case expIntCount:
		return number{ints: total(func(a, _ int64) int64 { return int64(bits.OnesCount64(uint64(a))) })}, 1, 1
	}
	return number{}, 0, 0
}

func divide(a, b int64) (int64, bool) {
	switch b {
	case 0:
		return 0, false
	case -1:
		return -a, true // the smallest integer has no opposite
	}
	return a / b, true
}

func modulo(a, b int64) (int64, bool) {
	switch b {
	case 0:
		return 0, false
	case -1:
		return 0, true
	}
	return a % b, true
}

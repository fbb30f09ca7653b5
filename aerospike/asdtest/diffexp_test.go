package asdtest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// boolExp, intExp and mapExp make random expressions of a type, up to a depth.
func (s *script) boolExp(depth int) *as.Expression {
	kind := s.r.IntN(16)
	s.log = append(s.log, fmt.Sprintf("bool%d", kind))
	if depth <= 0 {
		kind %= 6
	}
	switch kind {
	case 0:
		return as.ExpBinExists(s.bin())
	case 1:
		return as.ExpBoolVal(s.r.IntN(2) == 0)
	case 2:
		return as.ExpBoolBin(s.bin())
	case 3:
		return as.ExpKeyExists()
	case 4:
		return as.ExpEq(as.ExpBlobBin("s"), as.ExpBlobVal([]byte{1, 2}))
	case 5:
		return as.ExpEq(as.ExpStringBin("s"), as.ExpStringVal("text"))
	case 6:
		return as.ExpNot(s.boolExp(depth - 1))
	case 7:
		return as.ExpAnd(s.boolExp(depth-1), s.boolExp(depth-1))
	case 8:
		return as.ExpOr(s.boolExp(depth-1), s.boolExp(depth-1), s.boolExp(depth-1))
	case 9:
		return as.ExpExclusive(s.boolExp(depth-1), s.boolExp(depth-1))
	case 10:
		return as.ExpLess(s.intExp(depth-1), s.intExp(depth-1))
	case 11:
		return as.ExpGreaterEq(s.intExp(depth-1), s.intExp(depth-1))
	case 12:
		return as.ExpNotEq(s.intExp(depth-1), s.intExp(depth-1))
	case 13:
		return as.ExpMapGetByKey(as.MapReturnType.EXISTS, as.ExpTypeBOOL, s.keyExp(), s.mapExp(depth-1))
	case 14:
		return as.ExpCond(s.boolExp(depth-1), s.boolExp(depth-1), as.ExpUnknown())
	default:
		return as.ExpEq(s.mapExp(depth-1), s.mapExp(depth-1))
	}
}

func (s *script) keyExp() *as.Expression {
	switch k := s.mapKey().(type) {
	case int:
		return as.ExpIntVal(int64(k))
	case []byte:
		return as.ExpBlobVal(k)
	case string:
		return as.ExpStringVal(k)
	}
	return as.ExpIntVal(1)
}

func (s *script) intExp(depth int) *as.Expression {
	kind := s.r.IntN(31)
	s.log = append(s.log, fmt.Sprintf("int%d", kind))
	if depth <= 0 {
		kind %= 6
	}
	a := func() *as.Expression { return s.intExp(depth - 1) }
	switch kind {
	case 0:
		return as.ExpIntVal(int64(s.pick(0, 1, -1, 3, 100, -700, 1<<30).(int)))
	case 1:
		return as.ExpIntBin(s.bin())
	case 2:
		return as.ExpBinType(s.bin())
	case 3:
		return as.ExpDigestModulo(int64(s.r.IntN(9) + 1))
	case 4:
		return as.ExpRecordSize()
	case 5:
		return as.ExpTTL()
	case 6:
		return as.ExpNumAdd(a(), a())
	case 7:
		return as.ExpNumSub(a(), a())
	case 8:
		return as.ExpNumMul(a(), a(), a())
	case 9:
		return as.ExpNumDiv(a(), a())
	case 10:
		return as.ExpNumMod(a(), a())
	case 11:
		return as.ExpNumAbs(a())
	case 12:
		return as.ExpMin(a(), a())
	case 13:
		return as.ExpMax(a(), a())
	case 14:
		return as.ExpIntAnd(a(), a())
	case 15:
		return as.ExpIntRShift(a(), as.ExpIntVal(int64(s.r.IntN(63))))
	case 16:
		return as.ExpCond(s.boolExp(depth-1), a(), s.boolExp(depth-1), as.ExpUnknown(), a())
	case 17:
		return as.ExpLet(as.ExpDef("x", a()), as.ExpDef("y", as.ExpNumAdd(as.ExpVar("x"), as.ExpIntVal(1))),
			as.ExpMax(as.ExpVar("x"), as.ExpVar("y")))
	case 18:
		return as.ExpMapSize(s.mapExp(depth - 1))
	case 19:
		return as.ExpMapGetByKey(as.MapReturnType.VALUE, as.ExpTypeINT, s.keyExp(), s.mapExp(depth-1))
	case 20:
		return as.ExpMapGetByKey(as.MapReturnType.COUNT, as.ExpTypeINT, s.keyExp(), s.mapExp(depth-1))
	case 21:
		return as.ExpIntOr(a(), a(), a())
	case 22:
		return as.ExpIntXor(a(), a())
	case 23:
		return as.ExpIntNot(a())
	case 24:
		return as.ExpIntLShift(a(), as.ExpIntVal(int64(s.r.IntN(63))))
	case 25:
		return as.ExpIntARShift(a(), as.ExpIntVal(int64(s.r.IntN(63))))
	case 26:
		return as.ExpIntCount(a())
	case 27:
		return as.ExpNumSub(a())
	case 28:
		return as.ExpListSize(as.ExpListBin("l"))
	case 29:
		return as.ExpToInt(s.floatExp(depth - 1))
	default:
		return as.ExpCond(as.ExpEq(as.ExpSetName(), as.ExpStringVal(testSet)), a(), as.ExpUnknown())
	}
}

// floatExp makes expressions whose values are exact, so that they print alike.
func (s *script) floatExp(depth int) *as.Expression {
	if depth <= 0 {
		return as.ExpFloatVal(s.pick(1.5, -2.25, 100.0).(float64))
	}
	a := func() *as.Expression { return s.floatExp(depth - 1) }
	switch s.r.IntN(9) {
	case 0:
		return as.ExpToFloat(s.intExp(depth - 1))
	case 1:
		return as.ExpNumAdd(a(), a())
	case 2:
		return as.ExpNumFloor(a())
	case 3:
		return as.ExpNumCeil(a())
	case 4:
		return as.ExpNumAbs(a())
	case 5:
		return as.ExpMin(a(), a())
	case 6:
		return as.ExpMax(a(), a())
	case 7:
		return as.ExpNumSub(a(), a())
	default:
		return as.ExpNumMul(a(), as.ExpFloatVal(2))
	}
}

func (s *script) mapExp(depth int) *as.Expression {
	if depth <= 0 || s.r.IntN(2) == 0 {
		return as.ExpMapBin("m")
	}
	policy := as.NewMapPolicy(as.MapOrder.KEY_ORDERED, as.MapWriteMode.UPDATE)
	if s.r.IntN(3) == 0 {
		return as.ExpMapRemoveByKey(s.keyExp(), s.mapExp(depth-1))
	}
	return as.ExpMapPut(policy, s.keyExp(), s.intExp(depth-1), s.mapExp(depth-1))
}

// expStep makes one request with expressions and says what came of it.
func (s *script) expStep(t *testing.T, client *as.Client) (what, got string) {
	t.Helper()
	k := key(t, fmt.Sprintf("%s-%d", s.name, s.r.IntN(3)))
	p := wp()
	p.SendKey = s.r.IntN(3) == 0
	switch s.r.IntN(6) {
	case 0:
		p.FilterExpression = s.boolExp(2)
	case 1:
		p.FilterExpression = s.intExp(1)
	case 2:
		return s.step(t, client)
	}
	var ops []*as.Operation
	for range 1 + s.r.IntN(2) {
		flags := as.ExpWriteFlags(s.r.IntN(32))
		s.log = append(s.log, fmt.Sprintf("flags %d", flags))
		switch s.r.IntN(7) {
		case 0:
			ops = append(ops, as.ExpReadOp("out", s.boolExp(3), as.ExpReadFlagDefault))
		case 1:
			ops = append(ops, as.ExpReadOp("out", s.intExp(3), as.ExpReadFlagEvalNoFail))
		case 2:
			ops = append(ops, as.ExpReadOp("out", s.mapExp(3), as.ExpReadFlagDefault))
		case 3:
			ops = append(ops, as.ExpWriteOp(s.bin(), s.intExp(2), flags))
		case 4:
			ops = append(ops, as.ExpWriteOp("m", s.mapExp(2), flags))
		case 5:
			ops = append(ops, as.ExpWriteOp(s.bin(), as.ExpNilValue(), flags))
		default:
			ops = append(ops, s.op())
		}
	}
	r, err := client.Operate(p, k, ops...)
	return "operate", outcome(r, err)
}

// TestExpressionsSameAsReal does the same with expressions, as operations and as
// filters.
func TestExpressionsSameAsReal(t *testing.T) {
	t.Parallel()
	compareScripts(t, 2, (*script).expStep)
}

// compareScripts plays scripts against the server of this package and a real one.
func compareScripts(t *testing.T, kind uint64, step func(*script, *testing.T, *as.Client) (what, got string)) {
	t.Helper()
	host := realHost()
	if host == "" {
		t.Skipf("%s is not set: there is no real server to compare with", hostsVar)
	}
	a, b := fake(t), genuine(t, host)
	for seed := range uint64(diffRuns()) {
		name := unique()
		x := &script{r: rand.New(rand.NewPCG(seed, kind)), name: name}
		y := &script{r: rand.New(rand.NewPCG(seed, kind)), name: name}
		for i := range 40 {
			x.log = nil
			what, got := step(x, t, a.client)
			_, want := step(y, t, b.client)
			if got != want {
				t.Errorf("seed %d step %d %s %q:\n asdtest   %s\n aerospike %s", seed, i, what, x.log, got, want)
				break
			}
		}
	}
}

package asdtest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// script makes random requests, the same ones for the same seed.
type script struct {
	r    *rand.Rand
	name string // of its records
	log  []string
}

func (s *script) pick(xs ...any) any {
	x := xs[s.r.IntN(len(xs))]
	s.log = append(s.log, fmt.Sprintf("%T(%v)", x, x))
	return x
}

func (s *script) value() any {
	return s.pick(1, -7, 300, 70000, 1<<30, "s", "text", []byte{1, 2}, []byte{}, 1.5, true, false,
		[]any{1, "a"}, map[any]any{"k": []byte{9}}, nil) // of two entries either client would pack its own first
}

func (s *script) mapKey() any { return s.pick(1, 2, 3, "a", "b", []byte{1}, []byte{2, 3}, 2.5) }

func (s *script) bin() string { return s.pick("m", "m", "l", "i", "s").(string) }

func (s *script) items() map[any]any {
	m := make(map[any]any)
	for range s.r.IntN(4) {
		k := s.mapKey()
		if b, ok := k.([]byte); ok {
			k = [2]byte{b[0], b[len(b)-1]}
		}
		m[k] = s.value()
	}
	return m
}

func (s *script) mapPolicy() *as.MapPolicy {
	order := as.MapOrder.UNORDERED
	switch s.r.IntN(3) {
	case 0:
		order = as.MapOrder.KEY_ORDERED
	case 1:
		order = as.MapOrder.KEY_VALUE_ORDERED
	}
	if s.r.IntN(2) == 0 {
		mode := as.MapWriteMode.UPDATE
		switch s.r.IntN(3) {
		case 0:
			mode = as.MapWriteMode.CREATE_ONLY
		case 1:
			mode = as.MapWriteMode.UPDATE_ONLY
		}
		return as.NewMapPolicy(order, mode)
	}
	flags := s.r.IntN(16)
	s.log = append(s.log, fmt.Sprintf("flags %d", flags))
	return as.NewMapPolicyWithFlags(order, flags)
}

// one is what an operation on one entry may return.
func (s *script) one() as.MapReturnTypes {
	return s.returns() &^ as.MapReturnType.INVERTED
}

func (s *script) returns() as.MapReturnTypes {
	t := as.MapReturnType
	x := []as.MapReturnTypes{
		t.NONE, t.COUNT, t.KEY, t.VALUE, t.KEY_VALUE, t.EXISTS, t.INDEX, t.REVERSE_INDEX,
		t.UNORDERED_MAP, t.ORDERED_MAP, t.COUNT | t.INVERTED, t.KEY | t.INVERTED,
	}[s.r.IntN(12)]
	s.log = append(s.log, fmt.Sprintf("ret %d", x))
	return x
}

func (s *script) keys() []any {
	out := []any{s.mapKey()}
	for range s.r.IntN(3) {
		k := s.mapKey()
		if !slices.ContainsFunc(out, func(x any) bool { return show(x) == show(k) }) {
			out = append(out, k)
		}
	}
	return out
}

func (s *script) op() *as.Operation {
	i, n := s.r.IntN(7)-3, s.r.IntN(4)
	kind := s.r.IntN(44)
	s.log = append(s.log, fmt.Sprintf("op %d i=%d n=%d", kind, i, n))
	switch kind {
	case 0, 1:
		return as.MapPutOp(s.mapPolicy(), "m", s.mapKey(), s.value())
	case 2, 3:
		return as.MapPutItemsOp(s.mapPolicy(), "m", s.items())
	case 4:
		return as.MapSizeOp(s.bin())
	case 5:
		return as.MapGetByKeyOp(s.bin(), s.mapKey(), s.one())
	case 6:
		return as.MapGetByKeyListOp("m", s.keys(), s.returns())
	case 7:
		return as.MapRemoveByKeyOp(s.bin(), s.mapKey(), s.one())
	case 8:
		return as.MapRemoveByKeyListOp(s.bin(), s.keys(), s.returns())
	case 9:
		return as.MapGetByIndexRangeCountOp("m", i, n, s.returns())
	case 10:
		return as.MapGetByIndexRangeOp("m", i, s.returns())
	case 11:
		return as.MapRemoveByIndexRangeCountOp("m", i, n, s.returns())
	case 12:
		return as.MapGetByIndexOp("m", i, s.one())
	case 13:
		return as.MapIncrementOp(s.mapPolicy(), "m", s.mapKey(), s.pick(1, 2.5, "x"))
	case 14:
		return as.MapCreateOp(s.pick("m", "n").(string), as.MapOrder.KEY_ORDERED, nil)
	case 15:
		return as.MapClearOp("m")
	case 16:
		return as.MapGetByKeyRangeOp("m", s.mapKey(), s.mapKey(), s.returns())
	case 17, 18:
		return as.ListAppendOp(s.pick("l", "l", "m", "i").(string), s.value())
	case 19:
		return as.ListAppendOp("l", s.value(), s.value())
	case 20:
		return as.ListSizeOp(s.pick("l", "l", "i").(string))
	case 21:
		return as.ListGetRangeOp("l", i, n)
	case 22:
		return as.ListRemoveRangeOp("l", i, n)
	case 23:
		return as.ListGetOp("l", i)
	case 24:
		return as.ListTrimOp("l", i, n)
	case 25:
		return as.GetBinOp(s.bin())
	case 26:
		return as.PutOp(as.NewBin(s.bin(), s.value()))
	case 27:
		return as.AddOp(as.NewBin(s.pick("i", "i", "s").(string), s.pick(5, -2, 1.5)))
	case 28:
		return as.AppendOp(as.NewBin(s.pick("s", "s", "i").(string), s.pick("tail", []byte{7})))
	case 29:
		return as.TouchOp()
	default:
		return s.rareOp(kind, i, n)
	}
}

// rareOp makes the operations that engines seldom use.
func (s *script) rareOp(kind, i, n int) *as.Operation {
	l := s.pick("l", "l", "m").(string)
	switch kind {
	case 30:
		return as.ListCreateOp(l, as.ListOrderType(s.r.IntN(2)), false)
	case 31:
		return as.ListInsertOp(l, i, s.value())
	case 32:
		return as.ListInsertOp(l, i, s.value(), s.value())
	case 33:
		return as.ListPopOp(l, i)
	case 34:
		return as.ListPopRangeOp(l, i, n+2)
	case 35:
		return as.ListGetByIndexRangeCountOp(l, i, n, s.listReturn())
	case 36:
		return as.ListRemoveByIndexRangeCountOp(l, i, n, s.listReturn())
	case 37:
		return as.ListGetByIndexOp(l, i, s.listReturn())
	case 38:
		return as.ListClearOp(l)
	case 39:
		return as.MapGetByValueOp("m", s.value(), s.returns())
	case 40:
		return as.MapRemoveByValueListOp("m", []any{s.value(), s.value()}, s.returns())
	case 41:
		return as.MapDecrementOp(s.mapPolicy(), "m", s.mapKey(), s.pick(1, 2.5))
	case 42:
		return as.MapRemoveByIndexRangeOp("m", i, s.returns())
	default:
		return as.PrependOp(as.NewBin("s", s.pick("head", []byte{7})))
	}
}

func (s *script) listReturn() as.ListReturnType {
	return []as.ListReturnType{
		as.ListReturnTypeNone, as.ListReturnTypeCount, as.ListReturnTypeValue, as.ListReturnTypeExists,
	}[s.r.IntN(4)]
}

// step makes one request of a client and says what came of it.
func (s *script) step(t *testing.T, client *as.Client) (what, got string) {
	t.Helper()
	k := key(t, fmt.Sprintf("%s-%d", s.name, s.r.IntN(3)))
	p := wp()
	switch s.r.IntN(12) {
	case 0:
		p.RecordExistsAction = as.CREATE_ONLY
	case 1:
		p.RecordExistsAction = as.UPDATE_ONLY
	case 2:
		p.RecordExistsAction = as.REPLACE
	case 3:
		p.GenerationPolicy, p.Generation = as.EXPECT_GEN_EQUAL, uint32(s.r.IntN(6))
	case 4:
		p.RespondPerEachOp = true
	}
	switch s.r.IntN(16) {
	case 4:
		r, err := client.Get(nil, k, s.bin(), "z", "none")
		return "get bins", outcome(r, err)
	case 5:
		return "batch", s.batch(t, client)
	case 0:
		r, err := client.Get(nil, k)
		return "get", outcome(r, err)
	case 1:
		existed, err := client.Delete(p, k)
		return "delete", fmt.Sprint(existed, code2(err))
	case 2:
		err := client.PutBins(p, k, as.NewBin(s.bin(), s.value()), as.NewBin("z", s.value()))
		return "put", fmt.Sprint(code2(err))
	case 3:
		return "touch", fmt.Sprint(code2(client.Touch(p, k)))
	}
	var ops []*as.Operation
	for range 1 + s.r.IntN(3) {
		ops = append(ops, s.op())
	}
	r, err := client.Operate(p, k, ops...)
	return "operate", outcome(r, err)
}

// batch works on three records at once.
func (s *script) batch(t *testing.T, client *as.Client) string {
	t.Helper()
	var records []as.BatchRecordIfc
	for i := range 3 {
		k := key(t, fmt.Sprintf("%s-%d", s.name, i))
		switch s.r.IntN(5) {
		case 0:
			records = append(records, as.NewBatchRead(nil, k, []string{s.bin(), "z"}))
		case 1:
			records = append(records, as.NewBatchReadOps(nil, k, as.GetBinOp("m"), as.MapSizeOp("m"), as.ListSizeOp("l")))
		case 2:
			records = append(records, as.NewBatchDelete(nil, k))
		default:
			p := as.NewBatchWritePolicy()
			p.Expiration = as.TTLDontExpire
			if s.r.IntN(3) == 0 {
				p.RecordExistsAction = as.UPDATE_ONLY
			}
			if s.r.IntN(3) == 0 {
				p.FilterExpression = as.ExpBinExists(s.bin())
			}
			records = append(records, as.NewBatchWrite(p, k, s.op(), as.PutOp(as.NewBin("z", s.value())), s.op()))
		}
	}
	p := as.NewBatchPolicy()
	p.RespondAllKeys, p.MaxRetries = true, 0
	var out strings.Builder
	fmt.Fprint(&out, code2(client.BatchOperate(p, records)))
	for _, r := range records {
		fmt.Fprintf(&out, "; %d %s", r.BatchRec().ResultCode, outcome(r.BatchRec().Record, nil))
	}
	return out.String()
}

func code2(err as.Error) int {
	if err == nil {
		return 0
	}
	return int(code(err))
}

// TestSameAsReal makes the same random requests of the server of this package and of
// a real one: every result, code and generation is the same.
func TestSameAsReal(t *testing.T) {
	t.Parallel()
	compareScripts(t, 1, (*script).step)
}

// diffRuns is how many scripts TestSameAsReal plays.
func diffRuns() int {
	if n, err := strconv.Atoi(os.Getenv("ASDTEST_RUNS")); err == nil {
		return n
	}
	return 300
}

package asdtest_test

import (
	"bytes"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"
)

// dot is a key of 16 bytes, as the engine uses them. Maps decode them as arrays.
type dot = [16]byte

// TestQueue is what a queue of deltas needs: an ordered map with keys of 16 bytes,
// put, put many, remove by list, size, and a read that gives pairs.
func TestQueue(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			policy := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, as.MapWriteFlagsCreateOnly|as.MapWriteFlagsNoFail)
			r, err := s.client.Operate(wp(), k, as.MapPutOp(policy, "q", dot{2}, []byte("two")))
			ok(t, err)
			if got, want := outcome(r, nil), "gen 1 bins{q:int(1)}"; got != want {
				t.Errorf("first put: %s, want %s", got, want)
			}
			many := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED,
				as.MapWriteFlagsCreateOnly|as.MapWriteFlagsNoFail|as.MapWriteFlagsPartial)
			r, err = s.client.Operate(wp(), k,
				as.MapPutItemsOp(many, "q", map[any]any{dot{1}: "1", dot{2}: "x", dot{3}: "3"}),
				as.PutOp(as.NewBin("s", []byte("snapshot"))),
				as.MapSizeOp("q"))
			ok(t, err)
			if got, want := outcome(r, nil), "gen 2 bins{q:list[int(3) int(3)] s:<nil>(<nil>)}"; got != want {
				t.Errorf("put of many: %s, want %s", got, want)
			}
			r, err = s.client.Get(nil, k)
			ok(t, err)
			pairs, isPairs := r.Bins["q"].([]as.MapPair)
			if !isPairs || len(pairs) != 3 || pairs[0].Key != any(dot{1}) || string(pairs[1].Value.([]byte)) != "two" {
				t.Errorf("Get = %s, want ordered pairs of what came first", show(r.Bins))
			}
			r, err = s.client.Operate(wp(), k,
				as.MapRemoveByKeyListOp("q", []any{dot{1}, dot{2}, dot{3}, dot{9}}, as.MapReturnType.COUNT),
				as.GetBinOp("q"), as.GetBinOp("s"))
			ok(t, err)
			want := "bins{q:list[int(3) pairs[]] s:[]uint8([115 110 97 112 115 104 111 116])}"
			if got := show(r.Bins); got != want {
				t.Errorf("removal: %s, want %s", got, want)
			}
		})
	}
}

// TestStampFilter: a write goes by a stamp that a filter looks at. A missing bin makes
// a filter unknown, which refuses; a missing record makes it void.
func TestStampFilter(t *testing.T) {
	t.Parallel()
	stamp := as.ExpEq(as.ExpBlobBin("w"), as.ExpBlobVal([]byte("stamp")))
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			put := func(filter *as.Expression, action as.RecordExistsAction, bins ...*as.Bin) as.Error {
				p := wp()
				p.FilterExpression, p.RecordExistsAction = filter, action
				return s.client.PutBins(p, k, bins...)
			}
			w := as.NewBin("w", []byte("stamp"))
			wantCode(t, put(stamp, as.UPDATE_ONLY, w), types.KEY_NOT_FOUND_ERROR)
			wantCode(t, put(stamp, as.UPDATE, as.NewBin("x", 1)), types.OK) // creates
			wantCode(t, put(stamp, as.UPDATE_ONLY, w), types.FILTERED_OUT)
			first := as.ExpNot(as.ExpBinExists("w"))
			wantCode(t, put(first, as.UPDATE_ONLY, w), types.OK)
			wantCode(t, put(first, as.UPDATE_ONLY, w), types.FILTERED_OUT)
			wantCode(t, put(stamp, as.UPDATE_ONLY, as.NewBin("w", []byte("other"))), types.OK)
			wantCode(t, put(stamp, as.UPDATE_ONLY, w), types.FILTERED_OUT)
			r, err := s.client.Get(nil, k)
			ok(t, err)
			if r.Generation != 3 {
				t.Errorf("generation %d, want 3: what a filter refuses changes nothing", r.Generation)
			}
		})
	}
}

// TestSizeGuard: an append may be bound to the size of the record and to what its
// queue has.
func TestSizeGuard(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			policy := as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, 0)
			write := func(n byte, size int) as.Error {
				key := as.ExpBlobVal(append([]byte{n}, make([]byte, 15)...))
				has := as.ExpMapGetByKey(as.MapReturnType.EXISTS, as.ExpTypeBOOL, key, as.ExpMapBin("q"))
				less := as.ExpLess(as.ExpMapSize(as.ExpMapBin("q")), as.ExpIntVal(5))
				p := wp()
				p.FilterExpression = as.ExpAnd(
					as.ExpLessEq(as.ExpRecordSize(), as.ExpIntVal(2000)),
					as.ExpOr(as.ExpNot(as.ExpBinExists("q")), less),
					as.ExpOr(as.ExpNot(as.ExpBinExists("q")), as.ExpNot(has)))
				_, err := s.client.Operate(p, k, as.MapPutOp(policy, "q", dot{n}, make([]byte, size)))
				return err
			}
			wantCode(t, write(7, 10), types.OK)
			wantCode(t, write(7, 10), types.FILTERED_OUT) // it is there
			for n := range byte(4) {
				wantCode(t, write(n, 10), types.OK)
			}
			wantCode(t, write(8, 10), types.FILTERED_OUT) // five are there
			_, err := s.client.Operate(wp(), k, as.MapClearOp("q"), as.PutOp(as.NewBin("big", make([]byte, 3000))))
			ok(t, err)
			wantCode(t, write(9, 10), types.FILTERED_OUT) // it is too big
		})
	}
}

// TestGenerations: the generation is compared as it is, counts in 16 bits, and leaves
// out 0.
func TestGenerations(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			put := func(policy as.GenerationPolicy, gen uint32) as.Error {
				p := wp()
				p.GenerationPolicy, p.Generation = policy, gen
				return s.client.PutBins(p, k, as.NewBin("a", 1))
			}
			wantCode(t, put(as.EXPECT_GEN_EQUAL, 5), types.GENERATION_ERROR)
			wantCode(t, put(as.EXPECT_GEN_EQUAL, 0), types.OK)
			wantCode(t, put(as.EXPECT_GEN_EQUAL, 0), types.GENERATION_ERROR)
			wantCode(t, put(as.EXPECT_GEN_EQUAL, 65537), types.GENERATION_ERROR)
			wantCode(t, put(as.EXPECT_GEN_EQUAL, 1), types.OK)
			wantCode(t, put(as.EXPECT_GEN_GT, 2), types.GENERATION_ERROR)
			wantCode(t, put(as.EXPECT_GEN_GT, 3), types.OK)
		})
	}
}

// TestGenerationWraps counts to the end, which takes a real server a second.
func TestGenerationWraps(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			ok(t, s.client.PutBins(wp(), k, as.NewBin("a", 1)))
			if s.real {
				for range 65533 {
					ok(t, s.client.Touch(wp(), k))
				}
			} else if !s.c.SetGeneration("test", digest(k), 65534) {
				t.Fatal("SetGeneration did not find the record")
			}
			var got []uint32
			for range 3 {
				r, err := s.client.Operate(wp(), k, as.TouchOp(), as.GetHeaderOp())
				ok(t, err)
				got = append(got, r.Generation)
			}
			if got[0] != 65535 || got[1] != 1 || got[2] != 2 {
				t.Errorf("generations %v, want 65535, 1, 2", got)
			}
		})
	}
}

// TestRecordTooBig: the limit holds at the end of the operations, to the byte, and
// what fails leaves the record as it was.
func TestRecordTooBig(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			lo, hi := 1<<20-200, 1<<20
			for hi-lo > 1 { // the largest blob that fits
				mid := (lo + hi) / 2
				err := s.client.PutBins(wp(), k, as.NewBin("b", make([]byte, mid)))
				if err != nil {
					wantCode(t, err, types.RECORD_TOO_BIG)
					hi = mid
				} else {
					lo = mid
				}
			}
			// Head, end, set, number of bins, name and head of the blob take the rest.
			if want := 1<<20 - 35 - 4 - 1 - len(testSet) - 1 - 2 - 5; lo != want {
				t.Errorf("largest blob has %d bytes, want %d", lo, want)
			}
			before, err := s.client.Get(nil, k)
			ok(t, err)
			_, err = s.client.Operate(wp(), k, as.PutOp(as.NewBin("c", 1)), as.AppendOp(as.NewBin("b", make([]byte, 100))))
			wantCode(t, err, types.RECORD_TOO_BIG)
			after, err := s.client.Get(nil, k)
			ok(t, err)
			if before.Generation != after.Generation || len(after.Bins) != 1 {
				t.Errorf("generation %d and %d bins, want %d and 1", after.Generation, len(after.Bins), before.Generation)
			}
			more := as.AppendOp(as.NewBin("b", make([]byte, 100)))
			_, err = s.client.Operate(wp(), k, more, as.PutOp(as.NewBin("b", []byte{1})))
			ok(t, err) // too big only on the way
		})
	}
}

// TestNames: names that are too long are refused.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			wantCode(t, s.client.PutBins(wp(), fresh(t), as.NewBin("123456789012345", 1)), types.OK)
			wantCode(t, s.client.PutBins(wp(), fresh(t), as.NewBin("1234567890123456", 1)), types.BIN_NAME_TOO_LONG)
			k, err := as.NewKey("test", string(bytes.Repeat([]byte("s"), 64)), 1)
			ok(t, err)
			wantCode(t, s.client.PutBins(wp(), k, as.NewBin("a", 1)), types.PARAMETER_ERROR)
			k, err = as.NewKey("nowhere", testSet, 1)
			ok(t, err)
			if got := s.client.PutBins(wp(), k, as.NewBin("a", 1)); got == nil {
				t.Error("Put into a namespace that is not there succeeded")
			}
		})
	}
}

// TestEnterpriseOnly: what the Community Edition has not is refused as it refuses it.
func TestEnterpriseOnly(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			ok(t, s.client.PutBins(wp(), k, as.NewBin("a", 1)))
			p := wp()
			p.DurableDelete = true
			_, err := s.client.Delete(p, k)
			wantCode(t, err, types.ENTERPRISE_ONLY)
			rp := as.NewPolicy()
			rp.ReadModeSC = as.ReadModeSCLinearize
			_, err = s.client.Get(rp, k)
			wantCode(t, err, types.ENTERPRISE_ONLY)
			p = wp()
			p.DurableDelete = true
			wantCode(t, s.client.PutBins(p, k, as.NewBin("a", nil)), types.ENTERPRISE_ONLY)
			wantCode(t, s.client.PutBins(p, k, as.NewBin("a", 2)), types.OK)
		})
	}
}

// TestTTL: expiry is off by default, and a TTL is refused.
func TestTTL(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			put := func(ttl uint32) as.Error {
				return s.client.PutBins(as.NewWritePolicy(0, ttl), k, as.NewBin("a", 1))
			}
			wantCode(t, put(100), types.FAIL_FORBIDDEN)
			wantCode(t, put(as.TTLServerDefault), types.OK)
			wantCode(t, put(as.TTLDontUpdate), types.OK)
			wantCode(t, put(1<<30), types.PARAMETER_ERROR)
			r, err := s.client.Operate(wp(), k, as.ExpReadOp("ttl", as.ExpTTL(), as.ExpReadFlagDefault),
				as.ExpReadOp("void", as.ExpVoidTime(), as.ExpReadFlagDefault))
			ok(t, err)
			if got, want := show(r.Bins), "bins{ttl:int(-1) void:int(-1)}"; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// TestTimes: the last update is told in nanoseconds of Unix time, and its age in
// milliseconds; a write that a filter refuses leaves it.
func TestTimes(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			k := fresh(t)
			ok(t, s.client.PutBins(wp(), k, as.NewBin("a", 1)))
			read := func() (lut, age int) {
				r, err := s.client.Operate(wp(), k, as.ExpReadOp("lut", as.ExpLastUpdate(), as.ExpReadFlagDefault),
					as.ExpReadOp("age", as.ExpSinceUpdate(), as.ExpReadFlagDefault))
				ok(t, err)
				return r.Bins["lut"].(int), r.Bins["age"].(int)
			}
			lut, age := read()
			if ago := time.Since(time.Unix(0, int64(lut))); ago.Abs() > time.Minute || age > 60_000 || age < 0 {
				t.Errorf("last update %v ago, and %d ms by its age", ago, age)
			}
			p := wp()
			p.FilterExpression = as.ExpBoolVal(false)
			wantCode(t, s.client.PutBins(p, k, as.NewBin("a", 2)), types.FILTERED_OUT)
			if again, _ := read(); again != lut {
				t.Errorf("a write that was refused moved the last update from %d to %d", lut, again)
			}
		})
	}
}

// digest returns the digest of a key.
func digest(k *as.Key) (d [20]byte) {
	copy(d[:], k.Digest())
	return d
}

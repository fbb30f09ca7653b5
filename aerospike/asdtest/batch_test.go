package asdtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"
)

// TestBatchGet: many records at once, present and absent, all bins or some.
func TestBatchGet(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			var keys []*as.Key
			for i := range 50 {
				keys = append(keys, fresh(t))
				if i%3 != 0 {
					ok(t, s.client.PutBins(wp(), keys[i], as.NewBin("a", i), as.NewBin("b", "x")))
				}
			}
			for _, names := range [][]string{nil, {"a"}, {"b", "none"}} {
				records, err := s.client.BatchGet(nil, keys, names...)
				ok(t, err)
				for i, r := range records {
					switch {
					case (r != nil) != (i%3 != 0):
						t.Errorf("record %d of %v = %v", i, names, r)
					case r == nil:
					case names == nil && show(r.Bins) != fmt.Sprintf("bins{a:int(%d) b:string(x)}", i),
						len(names) == 1 && show(r.Bins) != fmt.Sprintf("bins{a:int(%d)}", i),
						len(names) == 2 && show(r.Bins) != "bins{b:string(x)}":
						t.Errorf("record %d of %v = %s", i, names, show(r.Bins))
					}
				}
			}
			exist, err := s.client.BatchExists(nil, keys)
			ok(t, err)
			for i, e := range exist {
				if e != (i%3 != 0) {
					t.Errorf("record %d exists: %v", i, e)
				}
			}
		})
	}
}

// TestBatchFilter: a filter of the whole batch holds for every record that has none of
// its own.
func TestBatchFilter(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			var keys []*as.Key
			for i := range 6 {
				keys = append(keys, fresh(t))
				ok(t, s.client.PutBins(wp(), keys[i], as.NewBin("n", i)))
			}
			p := as.NewBatchPolicy()
			p.FilterExpression = as.ExpLess(as.ExpIntBin("n"), as.ExpIntVal(3))
			records, err := s.client.BatchGet(p, keys)
			if err != nil {
				wantCode(t, err, types.FILTERED_OUT)
			}
			for i, r := range records {
				if (r != nil) != (i < 3) {
					t.Errorf("record %d = %v", i, r)
				}
			}
			p.FilterExpression = as.ExpRecordSize() // yields no bool
			if _, err := s.client.BatchGet(p, keys); err == nil || code(err) != types.PARAMETER_ERROR {
				t.Errorf("a filter that yields a number: %v, want a parameter error", err)
			}
		})
	}
}

// TestBatchOperate: reads, writes and deletions in one batch, each with a filter and
// a policy of its own.
func TestBatchOperate(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			a, b, c, none := fresh(t), fresh(t), fresh(t), fresh(t)
			for i, k := range []*as.Key{a, b, c} {
				ok(t, s.client.PutBins(wp(), k, as.NewBin("n", i), as.NewBin("w", []byte("stamp"))))
			}
			write := func(filter *as.Expression, action as.RecordExistsAction) *as.BatchWritePolicy {
				p := as.NewBatchWritePolicy()
				p.FilterExpression, p.RecordExistsAction, p.Expiration = filter, action, as.TTLDontExpire
				return p
			}
			is := func(stamp string) *as.Expression { return as.ExpEq(as.ExpBlobBin("w"), as.ExpBlobVal([]byte(stamp))) }
			gen := write(nil, as.UPDATE)
			gen.GenerationPolicy, gen.Generation = as.EXPECT_GEN_EQUAL, 9
			put := as.MapPutOp(as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, 0), "q", dot{1}, []byte("d"))
			records := []as.BatchRecordIfc{
				as.NewBatchWrite(write(is("stamp"), as.UPDATE_ONLY), a, put, as.MapSizeOp("q"), as.GetBinOp("n")),
				as.NewBatchWrite(write(is("other"), as.UPDATE_ONLY), b, put),
				as.NewBatchWrite(gen, c, put),
				as.NewBatchWrite(write(nil, as.UPDATE_ONLY), none, put),
				as.NewBatchRead(nil, a, []string{"w"}),
				as.NewBatchRead(nil, none, []string{"w"}),
				as.NewBatchReadOps(nil, b, as.GetBinOp("n"), as.MapSizeOp("q")),
				as.NewBatchReadHeader(nil, c),
				as.NewBatchWrite(write(nil, as.CREATE_ONLY), b, put),
			}
			p := as.NewBatchPolicy()
			p.RespondAllKeys = true
			ok(t, s.client.BatchOperate(p, records))
			want := []string{
				"0 gen 2 bins{n:int(0) q:resultslist[int(1) int(1)]}", "27 nil", "3 nil", "2 nil",
				"0 gen * bins{w:[]uint8([115 116 97 109 112])}", "2 nil", "0 gen 1 bins{n:int(1)}",
				"0 gen 1 bins{}", "5 nil",
			}
			for i, r := range records {
				got := fmt.Sprintf("%d %s", r.BatchRec().ResultCode, outcome(r.BatchRec().Record, nil))
				if i == 4 { // a real server may come to it before or after the write
					got = strings.NewReplacer("gen 1", "gen *", "gen 2", "gen *").Replace(got)
				}
				if got != want[i] {
					t.Errorf("record %d: %s, want %s", i, got, want[i])
				}
			}
			deletes := []as.BatchRecordIfc{as.NewBatchDelete(nil, a), as.NewBatchDelete(nil, none), as.NewBatchDelete(nil, b)}
			ok(t, s.client.BatchOperate(p, deletes))
			var codes []types.ResultCode
			for _, r := range deletes {
				codes = append(codes, r.BatchRec().ResultCode)
			}
			if !slices.Equal(codes, []types.ResultCode{0, 2, 0}) {
				t.Errorf("codes of deletions %v, want 0, 2, 0", codes)
			}
		})
	}
}

// TestBatchOfOne: the client sends a batch of one as a single request, and its error
// comes back another way.
func TestBatchOfOne(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			p := as.NewBatchWritePolicy()
			p.RecordExistsAction = as.UPDATE_ONLY
			r := as.NewBatchWrite(p, fresh(t), as.PutOp(as.NewBin("a", 1)))
			bp := as.NewBatchPolicy()
			bp.AllowPartialResults = false
			ok(t, s.client.BatchOperate(bp, []as.BatchRecordIfc{r})) // not found is no error
			if r.ResultCode != types.KEY_NOT_FOUND_ERROR {
				t.Errorf("code %v, want not found", r.ResultCode)
			}
		})
	}
}

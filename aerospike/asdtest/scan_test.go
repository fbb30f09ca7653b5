package asdtest_test

import (
	"fmt"
	"os"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// scanSet is a set for one test of scans, emptied of what an earlier run left.
func scanSet(t *testing.T, s *server, n int) string {
	t.Helper()
	name := fmt.Sprintf("asdscan%d-%d", n, os.Getpid()%8)
	for _, r := range scan(t, s, nil, name, nil) {
		_, err := s.client.Delete(wp(), r.Key)
		ok(t, err)
	}
	return name
}

// scan returns what a scan finds, and fails if it finds a record twice.
func scan(
	t *testing.T, s *server, pf *as.PartitionFilter, set string, filter *as.Expression, bins ...string,
) map[[20]byte]*as.Record {
	t.Helper()
	p := as.NewScanPolicy()
	p.FilterExpression = filter
	if pf == nil {
		pf = as.NewPartitionFilterAll()
	}
	rs, err := s.client.ScanPartitions(p, pf, "test", set, bins...)
	ok(t, err)
	out := make(map[[20]byte]*as.Record)
	for res := range rs.Results() {
		ok(t, res.Err)
		d := digest(res.Record.Key)
		if out[d] != nil {
			t.Errorf("record %x came twice", d)
		}
		out[d] = res.Record
	}
	return out
}

// fill writes n records into a set.
func fill(t *testing.T, s *server, set string, n int) map[[20]byte]int {
	t.Helper()
	want := make(map[[20]byte]int)
	p := wp()
	for i := range n {
		k, err := as.NewKey("test", set, fmt.Sprint(i))
		ok(t, err)
		p.SendKey = i%2 == 0
		ok(t, s.client.PutBins(p, k, as.NewBin("n", i), as.NewBin("b", []byte{byte(i)})))
		want[digest(k)] = i
	}
	return want
}

// TestScan: a scan finds every record of a set once, with its key if that is stored.
func TestScan(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			set := scanSet(t, s, 1)
			want := fill(t, s, set, 500)
			got := scan(t, s, nil, set, nil)
			if len(got) != len(want) {
				t.Errorf("scan found %d records, want %d", len(got), len(want))
			}
			for d, r := range got {
				i := want[d]
				if show(r.Bins) != fmt.Sprintf("bins{b:[]uint8([%d]) n:int(%d)}", byte(i), i) || r.Key.SetName() != set {
					t.Errorf("record %d: %s of %s", i, show(r.Bins), r.Key.SetName())
				}
				if (r.Key.Value() != nil) != (i%2 == 0) {
					t.Errorf("record %d has key %v", i, r.Key.Value())
				}
			}
		})
	}
}

// TestScanFilters: bins, filters and parts of a scan.
func TestScanFilters(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			set := scanSet(t, s, 2)
			want := fill(t, s, set, 300)
			for _, r := range scan(t, s, nil, set, nil, "b") {
				if len(r.Bins) != 1 || r.Bins["b"] == nil {
					t.Fatalf("scan for one bin found %s", show(r.Bins))
				}
			}
			few := scan(t, s, nil, set, as.ExpLess(as.ExpIntBin("n"), as.ExpIntVal(10)))
			if len(few) != 10 {
				t.Errorf("a filter let %d records through, want 10", len(few))
			}
			if got := scan(t, s, nil, set, as.ExpLess(as.ExpSinceUpdate(), as.ExpIntVal(1000*3600))); len(got) != len(want) {
				t.Errorf("%d records were written in the last hour, want %d", len(got), len(want))
			}
			if got := scan(t, s, nil, set, as.ExpGreater(as.ExpSinceUpdate(), as.ExpIntVal(1000*3600))); len(got) != 0 {
				t.Errorf("%d records are older than an hour, want none", len(got))
			}
			total := 0
			for begin := 0; begin < 4096; begin += 1024 {
				total += len(scan(t, s, as.NewPartitionFilterByRange(begin, 1024), set, nil))
			}
			if total != len(want) {
				t.Errorf("quarters have %d records, want %d", total, len(want))
			}
			mod := 0
			for i := range 7 {
				mod += len(scan(t, s, nil, set, as.ExpEq(as.ExpDigestModulo(7), as.ExpIntVal(int64(i)))))
			}
			if mod != len(want) {
				t.Errorf("samples have %d records, want %d", mod, len(want))
			}
		})
	}
}

// TestScanResumes: pages of a scan, each from where the one before ended, with the
// cursor encoded between them.
func TestScanResumes(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			set := scanSet(t, s, 3)
			want := fill(t, s, set, 400)
			got := make(map[[20]byte]bool)
			cursor := []byte(nil)
			for range 200 {
				pf := as.NewPartitionFilterAll()
				if cursor != nil {
					ok(t, pf.DecodeCursor(cursor))
				}
				p := as.NewScanPolicy()
				p.MaxRecords = 30
				rs, err := s.client.ScanPartitions(p, pf, "test", set)
				ok(t, err)
				n := 0
				for res := range rs.Results() {
					ok(t, res.Err)
					d := digest(res.Record.Key)
					if got[d] {
						t.Errorf("record %x came twice", d)
					}
					got[d] = true
					n++
				}
				if n > 30 {
					t.Errorf("a page of %d records, want at most 30", n)
				}
				if pf.IsDone() {
					break
				}
				cursor, err = pf.EncodeCursor()
				ok(t, err)
			}
			if len(got) != len(want) {
				t.Errorf("pages have %d records, want %d", len(got), len(want))
			}
		})
	}
}

// TestQuery: a query without an index is a scan.
func TestQuery(t *testing.T) {
	t.Parallel()
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) {
			set := scanSet(t, s, 4)
			fill(t, s, set, 100)
			st := as.NewStatement("test", set, "n")
			rs, err := s.client.QueryPartitions(as.NewQueryPolicy(), st, as.NewPartitionFilterAll())
			ok(t, err)
			n := 0
			for res := range rs.Results() {
				ok(t, res.Err)
				if len(res.Record.Bins) != 1 {
					t.Errorf("record has %s", show(res.Record.Bins))
				}
				n++
			}
			if n != 100 {
				t.Errorf("query found %d records, want 100", n)
			}
		})
	}
}

package mirror_test

import (
	"context"
	"encoding/csv"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// invoices is a file of invoice lines of a retailer, in the order of their time.
const invoices = "../../shared/data/online-retail-10k.csv"

// line takes a quantity of an article out of stock, or gives it back.
type line struct {
	invoice, code string
	quantity      int64
}

func readInvoices(t *testing.T) (lines []line) {
	t.Helper()
	f, err := os.Open(invoices)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("there is no %s", invoices)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	r := csv.NewReader(f)
	for head := true; ; head = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if head {
			continue
		}
		n, err := strconv.ParseInt(row[3], 10, 64)
		if err != nil {
			t.Fatalf("%s: quantity of invoice %s: %v", invoices, row[0], err)
		}
		lines = append(lines, line{row[0], row[1], n})
	}
}

// clusters returns clients of n clusters: those in AEROSPIKE_HOSTS, or some in this
// process.
func clusters(t testing.TB, n int) (cs []*as.Client) {
	t.Helper()
	hosts := strings.Split(os.Getenv("AEROSPIKE_HOSTS"), ",")
	if hosts[0] != "" && len(hosts) < n {
		t.Skipf("needs %d clusters in AEROSPIKE_HOSTS, which has %q", n, hosts)
	}
	for i := range n {
		if hosts[0] == "" {
			cs = append(cs, astest.Connect(t, asdtest.Start(t).Addr()))
		} else {
			cs = append(cs, astest.Connect(t, hosts[i]))
		}
	}
	return cs
}

// TestInvoiceTrace books a day of a retailer in three regions, each on a cluster of
// its own: the first half while they cannot reach each other, the second while a
// mirror joins them. In the end each cluster has the stock that the file comes to.
func TestInvoiceTrace(t *testing.T) {
	lines := readInvoices(t)
	want := make(map[string]int64)
	for _, l := range lines {
		want[l.code] -= l.quantity
	}
	const regions = 3
	cs := clusters(t, regions)
	set := astest.NewSet(t, cs[0])
	var stock [regions]store.Objects[*crdt.Counter]
	for i, c := range cs {
		astest.Empty(t, c, set)
		stock[i] = store.NewObjects(astest.Open(t, c, aerospike.Config{Set: set}), "stock/", crdt.CounterKind())
	}
	book := func(lines []line) {
		var work [regions]chan line
		var wg sync.WaitGroup
		for i := range work {
			work[i] = make(chan line)
			for range 8 {
				wg.Go(func() {
					for l := range work[i] {
						take := func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, -l.quantity); return nil }
						if _, err := stock[i].Update(t.Context(), l.code, take); err != nil {
							t.Errorf("invoice %s: %v", l.invoice, err)
						}
					}
				})
			}
		}
		for _, l := range lines {
			h := fnv.New32a()
			h.Write([]byte(l.invoice))
			work[h.Sum32()%regions] <- l
		}
		for i := range work {
			close(work[i])
		}
		wg.Wait()
	}
	book(lines[:len(lines)/2])
	m := joining(t, set, cs...)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	book(lines[len(lines)/2:])

	codes := make([]string, 0, len(want))
	for code := range want {
		codes = append(codes, code)
	}
	for i := range stock {
		astest.Until(t, "come", func() bool {
			values, err := stock[i].Views(t.Context(), codes)
			if err != nil {
				t.Fatal(err)
			}
			for j, code := range codes {
				if values[j].Value() != want[code] {
					return false
				}
			}
			return true
		})
	}
	t.Logf("%d invoice lines, %d articles: three clusters have the stock of the file", len(lines), len(codes))
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
}

// joining returns a mirror of all clusters that is quick to look.
func joining(t testing.TB, set string, cs ...*as.Client) *mirror.Mirror {
	t.Helper()
	cfg := mirror.Config{Sets: []string{set}, Period: 20 * time.Millisecond, AuditPeriod: time.Second}
	for i, c := range cs {
		cfg.Clusters = append(cfg.Clusters, mirror.Cluster{Name: strconv.Itoa(i), Client: c, Namespace: astest.Namespace})
	}
	m, err := mirror.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

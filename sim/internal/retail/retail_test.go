package retail_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/sim"
	"github.com/dovetail-crdt/dovetail/sim/internal/retail"
)

const heading = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// shop is a small shop: customers buy and cancel the same few goods, so that
// invoices at different regions meet.
func shop(lines int) string {
	d := sim.NewSource(7).Stream("shop")
	var b strings.Builder
	b.WriteString(heading)
	countries := []string{"United Kingdom", "Germany", "Spain", "Japan", "Australia", "USA"}
	for i := range lines {
		c := d.Choose(12)
		customer, invoice, quantity := fmt.Sprint(100+c), fmt.Sprint(5000+i/2), d.Choose(9)+1
		if d.Chance(0.3) {
			invoice, quantity = "C"+invoice, -quantity
		}
		if c == 11 {
			customer = ""
		}
		fmt.Fprintf(&b, "%s,%d A/B,\"TRAY, BLUE\",%d,%d/12/2010,%d.%02d,%s,%s\n", invoice, 20+d.Choose(8), quantity, 1+i%28, d.Choose(9), d.Choose(100), customer, countries[c%6])
	}
	return b.String()
}

func parse(t *testing.T, text string) []retail.Line {
	t.Helper()
	lines, err := retail.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func replay(t *testing.T, lines []retail.Line, route retail.Route, seed uint64, customers sim.Object) (*retail.Outcome, error) {
	t.Helper()
	sc, err := retail.Scenario(lines, route, customers)
	if err != nil {
		t.Fatal(err)
	}
	sc.Seed = seed
	r, err := sim.Run(t.Context(), sc)
	if err != nil {
		return nil, err
	}
	o, err := retail.OutcomeOf(lines, r)
	if err != nil {
		t.Fatal(err)
	}
	return o, nil
}

// sequential is what one store without concurrency would hold.
func sequential(lines []retail.Line) (stock map[string]int64, customers map[string][]string) {
	stock, sets := map[string]int64{}, map[string]map[string]bool{}
	for _, l := range lines {
		stock[l.Code] += l.Quantity
		if l.Customer == "" {
			continue
		}
		if sets[l.Customer] == nil {
			sets[l.Customer] = map[string]bool{}
		}
		sets[l.Customer][l.Code] = !l.Cancels()
	}
	customers = map[string][]string{}
	for c, set := range sets {
		maps.DeleteFunc(set, func(_ string, in bool) bool { return !in })
		customers[c] = append([]string{}, slices.Sorted(maps.Keys(set))...)
	}
	return stock, customers
}

func TestTrace(t *testing.T) {
	lines := parse(t, shop(400))
	stock, customers := sequential(lines)
	for _, route := range []retail.Route{retail.ByInvoice, retail.ByCountry} {
		for seed := range uint64(3) {
			o, err := replay(t, lines, route, seed, retail.AddWins())
			if err != nil {
				t.Fatalf("route %s, seed %d: %v", route, seed, err)
			}
			if diff := cmp.Diff(stock, o.Stock); diff != "" {
				t.Errorf("route %s, seed %d: stock differs from the sums of the column (-want +got):\n%s", route, seed, diff)
			}
			if diff := cmp.Diff(customers, o.Customers); route == retail.ByCountry && diff != "" {
				t.Errorf("seed %d: customers differ from a sequential replay (-want +got):\n%s", seed, diff)
			}
			if len(o.Prices) != len(stock) || len(o.Replicas) < 5 || !o.Converged {
				t.Errorf("route %s, seed %d: %d prices of %d codes, %d replicas, converged %t", route, seed, len(o.Prices), len(stock), len(o.Replicas), o.Converged)
			}
		}
	}
}

// TestTraceRealData replays the whole file of real invoices, if it is there.
func TestTraceRealData(t *testing.T) {
	const path = "../../../../shared/data/online-retail-10k.csv"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the real invoices are not beside this checkout: %v", err)
	}
	if testing.Short() {
		t.Skip("takes a while: -short")
	}
	lines := parse(t, string(text))
	stock, customers := sequential(lines)
	o, err := replay(t, lines, retail.ByCountry, 1, retail.AddWins())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stock, o.Stock); diff != "" {
		t.Errorf("stock (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(customers, o.Customers); diff != "" {
		t.Errorf("customers (-want +got):\n%s", diff)
	}
}

// lastWriterSet is the customers' set as people build it from last-writer-wins:
// an entry an element that says whether it is in.
func lastWriterSet() sim.Object {
	type set = crdt.AWMap[string, *crdt.LWWRegister[uint64]]
	kind := crdt.AWMapKind(crdt.String, crdt.LWWRegisterKind(crdt.Uint64))
	return sim.Type[*set]{
		Name: "customer", Kind: kind,
		Do: func(tx *crdt.Tx, s *set, op spec.Op) {
			in := uint64(1)
			if op.Verb == spec.Kill {
				in = 0
			}
			s.At(op.Path).Set(tx, in)
		},
		Show: func(s *set) map[string]string {
			out := map[string]string{}
			for code, r := range s.All() {
				if v, ok := r.Get(); ok && v == 1 {
					out[code] = "+"
				}
			}
			return out
		},
	}
}

// TestLastWriterSetFails shows that the trace's check has teeth: a set that
// converges, but lets a later remove win over an add that it has not seen, is
// found out.
func TestLastWriterSetFails(t *testing.T) {
	_, err := replay(t, parse(t, shop(400)), retail.ByInvoice, 1, lastWriterSet())
	var v *sim.ViolationError
	if !errors.As(err, &v) || !strings.HasPrefix(v.Key, "customer/") {
		t.Fatalf("a last-writer-wins set passed for an add-wins set: %v", err)
	}
}

func TestParseErrors(t *testing.T) {
	good := "536365,85123A,LAMP,6,1/12/2010,2.55,17850,United Kingdom\n"
	tests := []struct{ name, in, want string }{
		{"empty", "", "line 1, column 1: the file is empty"},
		{"heading", "InvoiceNo,Code,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n", `line 1, column 11: column 2 is named "Code", want "StockCode"`},
		{"short line", heading + good + "536365,85123A\n", "line 3, column 1: want 8 fields"},
		{"quantity", heading + good + "536365,85123A,LAMP,six,1/12/2010,2.55,17850,United Kingdom\n", `line 3, column 20: quantity "six" is not a whole number`},
		{"quantity too large", heading + "1,2,L,9223372036854775808,1/12/2010,2.55,1,UK\n", `line 2, column 7: quantity "9223372036854775808"`},
		{"date", heading + "1,2,L,1,2010-12-01,2.55,1,UK\n", `line 2, column 9: date "2010-12-01"`},
		{"price", heading + "1,2,L,1,1/12/2010,2.5.5,1,UK\n", `line 2, column 19: unit price "2.5.5"`},
		{"customer", heading + "1,2,L,1,1/12/2010,2.55,x,UK\n", `line 2, column 24: customer "x"`},
		{"no invoice", heading + ",2,L,1,1/12/2010,2.55,1,UK\n", "line 2, column 1: the invoice number is missing"},
		{"no country", heading + "1,2,L,1,1/12/2010,2.55,1,\n", "line 2, column 26: the country is missing"},
		{"quote", heading + "1,2,\"L\"x,1,1/12/2010,2.55,1,UK\n", "line 2, column 7:"},
	}
	for _, tt := range tests {
		_, err := retail.Parse(strings.NewReader(tt.in))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: Parse = %v, want %q", tt.name, err, tt.want)
		}
	}
}

package retail

import (
	"fmt"
	"hash/fnv"
	"net/url"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/sim"
)

// Regions are where the shop's stores are.
func Regions() []sim.Region {
	return []sim.Region{sim.London, sim.Frankfurt, sim.Madrid, sim.Tokyo, sim.Sydney, sim.Washington}
}

// nearest is the region for customers of each country that is not served from
// London.
var nearest = map[string]sim.Region{ //nolint:gochecknoglobals // a constant table
	"Australia": sim.Sydney, "New Zealand": sim.Sydney,
	"Japan": sim.Tokyo, "Hong Kong": sim.Tokyo, "Singapore": sim.Tokyo,
	"Spain": sim.Madrid, "Portugal": sim.Madrid,
	"USA": sim.Washington, "Canada": sim.Washington, "Brazil": sim.Washington,
	"Germany": sim.Frankfurt, "Austria": sim.Frankfurt, "Switzerland": sim.Frankfurt, "Poland": sim.Frankfurt,
	"Czech Republic": sim.Frankfurt, "Lithuania": sim.Frankfurt, "Denmark": sim.Frankfurt, "Sweden": sim.Frankfurt,
	"Finland": sim.Frankfurt, "Norway": sim.Frankfurt, "Italy": sim.Frankfurt, "Greece": sim.Frankfurt,
	"Cyprus": sim.Frankfurt, "Malta": sim.Frankfurt, "Israel": sim.Frankfurt, "Lebanon": sim.Frankfurt,
	"Saudi Arabia": sim.Frankfurt, "Bahrain": sim.Frankfurt, "United Arab Emirates": sim.Frankfurt,
}

// Route says which region takes an invoice.
type Route string

// ByInvoice takes a hash of the invoice's number, so customers roam and their
// concurrent writes meet; ByCountry takes the region nearest to the customer, by
// the country of the customer's first line.
const (
	ByInvoice Route = "invoice"
	ByCountry Route = "country"
)

// perLine is the virtual time between two lines.
const perLine = 10 * time.Millisecond

// Scenario returns the run of lines: every line adds its quantity to the stock
// of its code, adds the code to its customer's set or, on a cancellation, removes
// it, and sets the price of the code. Customers is the type of the customers'
// sets, named "customer". A fifth of the messages is lost, and for the middle
// third of the run the busiest region is cut off.
func Scenario(lines []Line, route Route, customers sim.Object) (sim.Scenario, error) {
	sc := sim.Scenario{
		Replicas: Regions(), Loss: 0.2, Duplicate: 0.02, Reorder: 0.05,
		Jitter: 5 * time.Millisecond, Sync: time.Millisecond,
		Objects: []sim.Object{stocks(), customers, prices()},
	}
	place, err := placing(lines, route)
	if err != nil {
		return sc, err
	}
	writes := make([]int, len(sc.Replicas))
	for i, l := range lines {
		at := place(&l)
		writes[at]++
		sc.Script = append(sc.Script, sim.Step{At: time.Duration(i) * perLine, Replica: at, Txs: transactions(&l)})
	}
	busiest := 0
	cut := sim.Cut{From: time.Duration(len(lines)) * perLine / 3, To: time.Duration(len(lines)) * perLine * 2 / 3, Groups: make([][]int, 2)}
	for i := range writes {
		if writes[i] > writes[busiest] {
			busiest = i
		}
	}
	for i := range writes {
		if i != busiest {
			cut.Groups[1] = append(cut.Groups[1], i)
		}
	}
	cut.Groups[0] = []int{busiest}
	sc.Cuts = []sim.Cut{cut}
	return sc, nil
}

// placing returns which replica takes a line.
func placing(lines []Line, route Route) (func(*Line) int, error) {
	index := map[sim.Region]int{}
	for i, r := range Regions() {
		index[r] = i
	}
	switch route {
	case ByInvoice:
		return func(l *Line) int {
			h := fnv.New32a()
			h.Write([]byte(l.Invoice)) // a hash never returns an error
			return int(h.Sum32() % uint32(len(index)))
		}, nil
	case ByCountry:
		home := map[string]string{}
		for _, l := range lines {
			if _, ok := home[l.Customer]; !ok && l.Customer != "" {
				home[l.Customer] = l.Country
			}
		}
		return func(l *Line) int {
			country := l.Country
			if c, ok := home[l.Customer]; ok {
				country = c
			}
			if r, ok := nearest[country]; ok {
				return index[r]
			}
			return index[sim.London]
		}, nil
	default:
		return nil, fmt.Errorf("route %q: want %s or %s", route, ByInvoice, ByCountry)
	}
}

// transactions are the writes of one line.
func transactions(l *Line) []sim.Tx {
	txs := []sim.Tx{
		{Key: "stock/" + l.Code, Ops: []spec.Op{{Verb: spec.Inc, N: l.Quantity}}},
		{Key: "price/" + l.Code, Ops: []spec.Op{{Verb: spec.Put, Value: l.Price}}},
	}
	if l.Customer == "" {
		return txs
	}
	verb := spec.Put
	if l.Cancels() {
		verb = spec.Kill
	}
	// A code is one segment of a path, whatever is in it.
	op := spec.Op{Verb: verb, Path: url.PathEscape(l.Code)}
	return append(txs, sim.Tx{Key: "customer/" + l.Customer, Ops: []spec.Op{op}})
}

func stocks() sim.Object {
	t := sim.Stocks()
	t.Keys = nil
	return t
}

func prices() sim.Object {
	t := sim.Prices()
	t.Keys = nil
	return t
}

// AddWins is the type of the customers' sets: add wins.
func AddWins() sim.Object {
	t := sim.Carts()
	t.Name, t.Keys = "customer", nil
	return t
}

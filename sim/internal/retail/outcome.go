package retail

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dovetail-crdt/dovetail/sim"
)

// Outcome is what a trace came to, in the form of its JSON file.
type Outcome struct {
	Converged  bool                `json:"converged"`
	Replicas   []string            `json:"replicas"`
	Stock      map[string]int64    `json:"stock"`
	Customers  map[string][]string `json:"customers"`
	Prices     map[string]string   `json:"prices"`
	Operations int                 `json:"operations"`
	Messages   int                 `json:"messages"`
	Bytes      int                 `json:"bytes"`
	LWWLost    int                 `json:"lww_lost"`
}

// OutcomeOf reads the result of the scenario of lines.
func OutcomeOf(lines []Line, r *sim.Result) (*Outcome, error) {
	out := &Outcome{
		Converged: r.Converged, Replicas: r.Digests, Operations: r.Operations, Messages: r.Messages, Bytes: r.Bytes,
		LWWLost: r.LWWLost, Stock: map[string]int64{}, Customers: map[string][]string{}, Prices: map[string]string{},
	}
	for _, c := range CustomerIDs(lines) {
		out.Customers[c] = []string{}
	}
	for key, shows := range r.Objects {
		kind, id, _ := strings.Cut(key, "/")
		switch kind {
		case "stock":
			n, err := strconv.ParseInt(strings.TrimPrefix(shows[""], "#"), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("stock of %q shows %q: %w", id, shows, err)
			}
			out.Stock[id] = n
		case "price":
			out.Prices[id] = shows[""]
		default:
			codes, err := codesOf(shows)
			if err != nil {
				return nil, fmt.Errorf("customer %q: %w", id, err)
			}
			out.Customers[id] = codes
		}
	}
	return out, nil
}

func codesOf(shows map[string]string) ([]string, error) {
	codes := []string{}
	for _, p := range slices.Sorted(maps.Keys(shows)) {
		code, err := url.PathUnescape(p)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", p, err)
		}
		codes = append(codes, code)
	}
	slices.SortFunc(codes, cmp.Compare)
	return codes, nil
}

package sim_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/sim"
)

// TestRoundTrips checks that the table is complete, nearly symmetric, and says
// what its source says, if that is beside this checkout.
func TestRoundTrips(t *testing.T) {
	for _, a := range sim.Regions() {
		for _, b := range sim.Regions() {
			x, err := sim.RoundTrip(a, b)
			if err != nil {
				t.Fatal(err)
			}
			y, err := sim.RoundTrip(b, a)
			if err != nil {
				t.Fatal(err)
			}
			if x <= 0 || x > 400*time.Millisecond || (x-y).Abs() > 10*time.Millisecond {
				t.Errorf("%s to %s takes %v, and back %v", a, b, x, y)
			}
		}
	}
	if _, err := sim.RoundTrip(sim.Dallas, "Atlantis"); err == nil {
		t.Error("RoundTrip to Atlantis succeeded")
	}
}

func TestRoundTripsAgainstSource(t *testing.T) {
	f, err := os.Open("../../shared/data/rtt-ibmcloud-2024-08.csv")
	if err != nil {
		t.Skipf("the source table is not beside this checkout: %v", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	in := csv.NewReader(f)
	in.Comment = '#'
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		for i, to := range rows[0][1:] {
			ms, err := strconv.Atoi(row[i+1])
			if err != nil {
				t.Fatal(err)
			}
			got, err := sim.RoundTrip(sim.Region(row[0]), sim.Region(to))
			if err != nil {
				t.Fatal(err)
			}
			if want := time.Duration(ms) * time.Millisecond; got != want && row[0] != to {
				t.Errorf("RoundTrip(%s, %s) = %v, want %v", row[0], to, got, want)
			}
		}
	}
}

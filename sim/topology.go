package sim

import (
	"fmt"
	"slices"
	"time"
)

// Region is a place with a datacenter.
type Region string

// The regions of the built-in table.
const (
	Dallas     Region = "Dallas"
	Toronto    Region = "Toronto"
	Washington Region = "Washington"
	Frankfurt  Region = "Frankfurt"
	London     Region = "London"
	Madrid     Region = "Madrid"
	Osaka      Region = "Osaka"
	Sydney     Region = "Sydney"
	Tokyo      Region = "Tokyo"
	SaoPaulo   Region = "SaoPaulo"
)

// Regions returns all regions of the built-in table, in its order.
func Regions() []Region {
	return []Region{Dallas, Toronto, Washington, Frankfurt, London, Madrid, Osaka, Sydney, Tokyo, SaoPaulo}
}

// roundTrips is the average round-trip time in milliseconds from 27 July to 25
// August 2024, rows from, columns to, as IBM Cloud publishes it for its regions
// (VPC documentation, network latency dashboards).
func roundTrips() [10][10]int64 {
	return [10][10]int64{
		{0, 34, 31, 123, 113, 119, 150, 186, 143, 146},
		{34, 0, 19, 93, 82, 108, 168, 215, 162, 129},
		{31, 19, 0, 91, 75, 87, 172, 214, 164, 118},
		{123, 93, 91, 0, 13, 29, 232, 250, 233, 198},
		{113, 83, 75, 13, 0, 27, 244, 261, 243, 188},
		{122, 106, 88, 29, 27, 0, 257, 275, 258, 209},
		{150, 169, 172, 231, 243, 257, 0, 122, 9, 293},
		{186, 214, 214, 249, 261, 275, 122, 0, 115, 328},
		{143, 162, 166, 233, 244, 256, 9, 115, 0, 284},
		{144, 128, 119, 196, 187, 208, 291, 328, 283, 0},
	}
}

// sameRegion is the round-trip time between two stores of one region.
const sameRegion = 2 * time.Millisecond

// RoundTrip returns the average round-trip time between two regions.
func RoundTrip(from, to Region) (time.Duration, error) {
	i, j := slices.Index(Regions(), from), slices.Index(Regions(), to)
	if i < 0 || j < 0 {
		return 0, fmt.Errorf("sim: no round-trip time from %q to %q: the regions are %v", from, to, Regions())
	}
	if i == j {
		return sameRegion, nil
	}
	return time.Duration(roundTrips()[i][j]) * time.Millisecond, nil
}

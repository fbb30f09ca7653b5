package aerospike

import "slices"

// Two layouts. Where clusters do not copy records to each other, an object is one
// record. Where XDR joins them, a record that two clusters write is lost in one of
// them: XDR copies whole versions, and the later one wins. So each datacenter writes
// records of its own, in a set of its own, which XDR may copy as it likes: late,
// twice, skipping versions, out of order. A reader joins the records of all.

// setOf returns the set of a datacenter's records.
func setOf(set, dc string) string {
	if dc == "" {
		return set
	}
	return set + "." + dc
}

// others returns the sets of the other datacenters.
func (c Config) others() (sets []string) {
	for _, dc := range c.DCs {
		if dc != c.DC {
			sets = append(sets, setOf(c.Set, dc))
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets)
}

package crdt

// Torn returns the cells of c one by one.
func (c *BoundedCounter) Torn() []*BoundedCounter {
	var all []*BoundedCounter
	for k, n := range c.cells {
		all = append(all, &BoundedCounter{c.bounds, map[cell]uint64{k: n}})
	}
	return all
}

// Unclamped is the wrong read: what the cells that are seen add up to.
func (c *BoundedCounter) Unclamped() int64 {
	v := c.bounds.lower
	for k, n := range c.cells {
		switch k.what {
		case cellGranted:
			v += int64(n)
		case cellSpent:
			v -= int64(n)
		default:
		}
	}
	return v
}

// Line names the one cell of a torn delta as the oracle of the tests does.
func (c *BoundedCounter) Line() string {
	names := [cellKinds]string{"grant", "spend", "transfer", "room", "move"}
	for k := range c.cells {
		if k.isTransfer() {
			return k.by.String() + names[k.what] + k.to.String()
		}
		return k.by.String() + names[k.what]
	}
	return ""
}

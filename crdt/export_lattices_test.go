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
		}
	}
	return v
}

// Line names the one cell of a torn delta as the oracle of the tests does.
func (c *BoundedCounter) Line() string {
	for k := range c.cells {
		switch k.what {
		case cellGranted:
			return k.by.String() + "grant"
		case cellSpent:
			return k.by.String() + "spend"
		case cellTransfer:
			return k.by.String() + "transfer" + k.to.String()
		case cellRoom:
			return k.by.String() + "room"
		case cellMoved:
			return k.by.String() + "move" + k.to.String()
		}
	}
	return ""
}

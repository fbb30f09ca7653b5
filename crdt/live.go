package crdt

// Live returns how many entries are live in the object, and whether it is one of a kind
// with a context. A delta that only ends something, as a remove or a clear, has none;
// what a counter keeps of a reset is no entry.
func (o *Object) Live() (n int, causal bool) {
	if c, ok := o.state.(erasedCausal); ok {
		return c.Len(), true
	}
	return 0, false
}

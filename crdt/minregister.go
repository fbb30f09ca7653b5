package crdt

// MinRegister holds the smallest value that was ever set: of concurrent writes the
// smallest stays, and a larger one changes nothing, also later. It has no context,
// so it is an object of its own or a GMap value, and not an AWMap value.
//
// The order is that of MaxRegister.
type MinRegister[T any] struct{ extreme[T] }

// MinRegisterKind returns the kind of min-registers of values of that codec.
func MinRegisterKind[T any](c Codec[T]) Kind[*MinRegister[T]] {
	empty := func() *MinRegister[T] { return &MinRegister[T]{extreme[T]{codec: c}} }
	return plainKind("min<"+c.declared()+">", empty, always((*MinRegister[T]).appendBinary))
}

// Set makes v the value if it is smaller than that which this replica sees, or the
// first. A value that the codec refuses fails the transaction.
func (r *MinRegister[T]) Set(tx *Tx, v T) {
	if x, ok := r.of(tx, v); ok {
		Record(tx, r, &MinRegister[T]{x})
	}
}

// Get returns the smallest value and true, or false if none was set.
func (r *MinRegister[T]) Get() (v T, ok bool) {
	if r == nil {
		return v, false
	}
	return r.get()
}

// Merge implements Lattice.
func (r *MinRegister[T]) Merge(delta *MinRegister[T]) (changed bool) {
	mustBeMade(r != nil && r.codec.Decode != nil, "MinRegister")
	return delta != nil && r.takeIf(&delta.extreme, delta.raw < r.raw)
}

// Equal implements Lattice.
func (r *MinRegister[T]) Equal(o *MinRegister[T]) bool {
	if r.IsBottom() || o.IsBottom() {
		return r.IsBottom() && o.IsBottom()
	}
	return r.raw == o.raw
}

// Clone implements Lattice.
func (r *MinRegister[T]) Clone() *MinRegister[T] {
	if r == nil {
		return nil
	}
	return &MinRegister[T]{r.extreme}
}

// IsBottom implements Lattice; a nil register is bottom.
func (r *MinRegister[T]) IsBottom() bool { return r == nil || !r.set }

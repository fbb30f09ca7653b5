package crdt

// MaxRegister holds the largest value that was ever set: of concurrent writes the
// largest stays, and a smaller one changes nothing, also later. It has no context,
// so it is an object of its own or a GMap value, and not an AWMap value.
//
// The order is that of the canonical bytes under the codec: numeric for Uint64
// and Int64, bytewise for String and Bytes. Other codecs, such as MsgPack, have no
// order that means anything.
type MaxRegister[T any] struct{ extreme[T] }

// MaxRegisterKind returns the kind of max-registers of values of that codec.
func MaxRegisterKind[T any](c Codec[T]) Kind[*MaxRegister[T]] {
	empty := func() *MaxRegister[T] { return &MaxRegister[T]{extreme[T]{codec: c}} }
	return plainKind("max<"+c.declared()+">", empty, always((*MaxRegister[T]).appendBinary))
}

// Set makes v the value if it is larger than that which this replica sees, or the
// first. A value that the codec refuses fails the transaction.
func (r *MaxRegister[T]) Set(tx *Tx, v T) {
	if x, ok := r.of(tx, v); ok {
		Record(tx, r, &MaxRegister[T]{x})
	}
}

// Get returns the largest value and true, or false if none was set.
func (r *MaxRegister[T]) Get() (v T, ok bool) {
	if r == nil {
		return v, false
	}
	return r.get()
}

// Merge implements Lattice.
func (r *MaxRegister[T]) Merge(delta *MaxRegister[T]) (changed bool) {
	mustBeMade(r != nil && r.codec.Decode != nil, "MaxRegister")
	return delta != nil && r.takeIf(&delta.extreme, delta.raw > r.raw)
}

// Equal implements Lattice.
func (r *MaxRegister[T]) Equal(o *MaxRegister[T]) bool {
	if r.IsBottom() || o.IsBottom() {
		return r.IsBottom() && o.IsBottom()
	}
	return r.raw == o.raw
}

// Clone implements Lattice.
func (r *MaxRegister[T]) Clone() *MaxRegister[T] {
	if r == nil {
		return nil
	}
	return &MaxRegister[T]{r.extreme}
}

// IsBottom implements Lattice; a nil register is bottom.
func (r *MaxRegister[T]) IsBottom() bool { return r == nil || !r.set }

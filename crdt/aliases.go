package crdt

// LWWMap is an AWMap of registers in which, of concurrent writes to a key, the
// last one is shown; a write that a removal of its key has not seen survives it.
type LWWMap[K comparable, T any] = AWMap[K, *LWWRegister[T]]

// LWWMapKind returns the kind of maps from keys to last-writer-wins values.
func LWWMapKind[K comparable, T any](k Codec[K], v Codec[T]) Kind[*LWWMap[K, T]] {
	return AWMapKind(k, LWWRegisterKind(v))
}

// MVMap is an AWMap of registers in which all values that were written to a key
// concurrently are kept; those that a removal of the key has not seen survive it.
type MVMap[K comparable, T any] = AWMap[K, *MVRegister[T]]

// MVMapKind returns the kind of maps from keys to multi-value registers.
func MVMapKind[K comparable, T any](k Codec[K], v Codec[T]) Kind[*MVMap[K, T]] {
	return AWMapKind(k, MVRegisterKind(v))
}

// MultiMap is an AWMap of sets: an element added under a key survives a
// concurrent remove of it, and of the key. A key is present while its set has an
// element.
type MultiMap[K comparable, E any] = AWMap[K, *AWSet[E]]

// MultiMapKind returns the kind of maps from keys to sets of elements.
func MultiMapKind[K comparable, E any](k Codec[K], e Codec[E]) Kind[*MultiMap[K, E]] {
	return AWMapKind(k, AWSetKind(e))
}

package crdt

// KindName returns the name of a kind.
func KindName(k AnyKind) string { return k.name() }

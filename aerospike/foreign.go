package aerospike

import "github.com/dovetail-crdt/dovetail/aerospike/internal/layout"

// ForeignRecordError means that another program's record stands under an object's key, or
// that it has bins beside ours. Nothing that this package does writes to it: it is
// neither viewed nor updated, merged, folded, repaired or mirrored, and it keeps its
// expiry. The error matches ErrCorrupt too.
type ForeignRecordError = layout.ForeignRecordError

// LayoutError means that a record has an earlier or a later layout than this version
// reads. It is never changed. The error matches ErrCorrupt too.
type LayoutError = layout.VersionError

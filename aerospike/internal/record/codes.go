package record

import (
	"errors"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// Failure returns what an attempt's error asks for. The attempt was one of a
// policy without retries. Only the outermost code says how it ended: the client
// chains those of what it tried before beneath it, except that it puts its own
// "no more retries" around the one attempt that it made.
func Failure(err as.Error, write bool) *layout.Error {
	ae := outermost(err)
	if ae == nil {
		return &layout.Error{Class: layout.Permanent, Doubt: write, Err: unchained(err)}
	}
	cause := ae
	if ae.ResultCode == types.MAX_RETRIES_EXCEEDED {
		if inner := outermost(errors.Unwrap(ae)); inner != nil {
			cause = inner
		}
	}
	e := &layout.Error{Class: classOf(cause.ResultCode), Err: unchained(err)}
	e.Doubt = write && ae.IsInDoubt() && !unsent(cause.ResultCode)
	return e
}

func outermost(err error) *as.AerospikeError {
	ae, _ := errors.AsType[*as.AerospikeError](err)
	return ae
}

// unsent reports whether the code of a single attempt proves that no byte of it
// left, although the client marks it as in doubt: it counts an attempt before it
// has a connection.
func unsent(code types.ResultCode) bool {
	switch code { //nolint:exhaustive // all others prove nothing
	case types.NO_AVAILABLE_CONNECTIONS_TO_NODE, types.MAX_ERROR_RATE, types.INVALID_NODE_ERROR,
		types.INVALID_CLUSTER_PARTITION_MAP:
		return true
	}
	return false
}

// Codes that the client has no name for.
const (
	codeLostConflict types.ResultCode = 28 // bin convergence: our clock is behind
	codeXDRKeyBusy   types.ResultCode = 32 // a version waits to be shipped
)

// classOf says what to do about a result code. Codes that are not here do not
// pass by waiting.
func classOf(code types.ResultCode) layout.Class {
	switch code { //nolint:exhaustive // see above
	case types.KEY_NOT_FOUND_ERROR:
		return layout.Absent
	case types.GENERATION_ERROR, types.KEY_EXISTS_ERROR, types.FILTERED_OUT:
		return layout.Refused
	case types.RECORD_TOO_BIG:
		return layout.TooBig
	case types.TIMEOUT, types.KEY_BUSY, types.CLUSTER_KEY_MISMATCH, codeLostConflict,
		types.NO_AVAILABLE_CONNECTIONS_TO_NODE, types.NETWORK_ERROR, types.MAX_RETRIES_EXCEEDED,
		types.NO_RESPONSE, types.SERVER_NOT_AVAILABLE, types.BATCH_FAILED:
		return layout.Busy
	case types.PARTITION_UNAVAILABLE, types.DEVICE_OVERLOAD, types.SERVER_MEM_ERROR, codeXDRKeyBusy,
		types.MAX_ERROR_RATE, types.INVALID_NODE_ERROR, types.INVALID_CLUSTER_PARTITION_MAP, types.BATCH_QUEUES_FULL:
		return layout.Overloaded
	}
	return layout.Permanent
}

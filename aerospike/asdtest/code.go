package asdtest

import (
	"errors"
	"strconv"
)

// Code is a result code of the protocol, the number that a client puts in its
// error. Those named here are what the server answers by itself; a Fault may answer
// any.
type Code byte

// The result codes.
const (
	OK               Code = 0
	ServerError      Code = 1
	KeyNotFound      Code = 2
	GenerationError  Code = 3
	ParameterError   Code = 4
	KeyExists        Code = 5
	BinExists        Code = 6
	OutOfSpace       Code = 8
	Timeout          Code = 9
	Unavailable      Code = 11
	IncompatibleType Code = 12
	RecordTooBig     Code = 13
	KeyBusy          Code = 14
	Unsupported      Code = 16
	BinNotFound      Code = 17
	DeviceOverload   Code = 18
	KeyMismatch      Code = 19
	InvalidNamespace Code = 20
	BinName          Code = 21
	Forbidden        Code = 22
	ElementNotFound  Code = 23
	ElementExists    Code = 24
	EnterpriseOnly   Code = 25
	OpNotApplicable  Code = 26
	FilteredOut      Code = 27
	LostConflict     Code = 28
	XDRKeyBusy       Code = 32
	BatchMaxRequests Code = 151
	IndexNotFound    Code = 201
)

// Limits of the server.
const (
	maxNamespaceName = 31
	maxSetName       = 63
	maxBinName       = 15
	maxBins          = 32767
	maxOps           = 32768
	maxTTL           = 10 * 365 * 24 * 60 * 60
	maxRequest       = 128 << 20
	maxInfo          = 1 << 20
	partitions       = 4096
)

func (c Code) String() string { return "code " + strconv.Itoa(int(c)) }

// codeError is a Code as an error inside the server.
type codeError Code

// The errors that operations fail with.
const (
	errParameter       = codeError(ParameterError)
	errType            = codeError(IncompatibleType)
	errUnsupported     = codeError(Unsupported)
	errNotApplicable   = codeError(OpNotApplicable)
	errElementExists   = codeError(ElementExists)
	errElementNotFound = codeError(ElementNotFound)
	errBinName         = codeError(BinName)
	errBinExists       = codeError(BinExists)
	errBinNotFound     = codeError(BinNotFound)
	errKeyNotFound     = codeError(KeyNotFound)
	errKeyExists       = codeError(KeyExists)
	errGeneration      = codeError(GenerationError)
	errKeyMismatch     = codeError(KeyMismatch)
	errTooBig          = codeError(RecordTooBig)
	errForbidden       = codeError(Forbidden)
	errOutOfSpace      = codeError(OutOfSpace)
	errEnterpriseOnly  = codeError(EnterpriseOnly)
	errFilteredOut     = codeError(FilteredOut)
	errNamespace       = codeError(InvalidNamespace)
	errNoIndex         = codeError(IndexNotFound)
)

func (e codeError) Error() string { return "asdtest: " + Code(e).String() }

// codeOf returns the code of an error of this package.
func codeOf(err error) Code {
	if e, ok := errors.AsType[codeError](err); ok {
		return Code(e)
	}
	return ServerError
}

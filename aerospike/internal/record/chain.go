package record

import (
	"errors"
	"fmt"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// chainCauses is how many of the errors that the client chained are told.
const chainCauses = 4

// unchained returns the error of an attempt without what is chained far beneath it. While
// the client waits for a connection it chains an error each time that it looks for one,
// thousands in a tenth of a second, and the text of such a chain takes seconds to make,
// as each of them writes all that are beneath it.
func unchained(err error) error {
	var causes []error
	n := 0
	for e := err; e != nil; e = errors.Unwrap(e) {
		if n++; n > chainCauses {
			continue
		}
		ae := outermost(e)
		if ae == nil {
			return err // none of the client's
		}
		causes = append(causes, &as.AerospikeError{ResultCode: ae.ResultCode, InDoubt: ae.InDoubt, Iteration: ae.Iteration, Node: ae.Node})
	}
	if n <= chainCauses {
		return err
	}
	return fmt.Errorf("%w, and %d more beneath", errors.Join(causes...), n-chainCauses)
}

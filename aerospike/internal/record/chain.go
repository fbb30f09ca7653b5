package record

import (
	"errors"
	"fmt"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// chainCauses is how many errors of a chain are kept.
const chainCauses = 4

// unchained returns an error of the client with its first causes only. While the client
// waits for a connection it wraps its error once more each time that it finds none:
// thousands of times in a tenth of a second. Each of them prints all of its causes, so
// that to print the chain takes quadratic time, seconds.
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

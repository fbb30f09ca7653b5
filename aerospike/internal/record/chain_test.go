package record

import (
	"errors"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"
)

// chained is an error with others beneath it, whose text has theirs, like the client's.
type chained struct {
	*as.AerospikeError

	beneath error
}

func (c *chained) Unwrap() error { return c.beneath }

func (c *chained) As(target any) bool {
	p, ok := target.(**as.AerospikeError)
	if ok {
		*p = c.AerospikeError
	}
	return ok
}

func (c *chained) Error() string {
	if c.beneath == nil {
		return c.AerospikeError.Error()
	}
	return c.AerospikeError.Error() + "; " + c.beneath.Error()
}

// TestUnchained tells of an attempt for which the client looked for a connection often.
func TestUnchained(t *testing.T) {
	chain := func(n int) error {
		var err error
		for range n {
			err = &chained{&as.AerospikeError{ResultCode: types.NO_AVAILABLE_CONNECTIONS_TO_NODE, InDoubt: true}, err}
		}
		return &chained{&as.AerospikeError{ResultCode: types.TIMEOUT, InDoubt: true}, err}
	}
	for _, n := range []int{0, 1, chainCauses - 1, chainCauses, 3000} {
		err := chain(n)
		got := unchained(err)
		if same := got == err; same != (n < chainCauses) { //nolint:errorlint // the very error
			t.Errorf("%d beneath: %v, want it as it was", n, got)
		}
		if text := got.Error(); len(text) > 1000 {
			t.Errorf("%d beneath: a text of %d bytes", n, len(text))
		}
		if ae := outermost(got); ae == nil || ae.ResultCode != types.TIMEOUT || !ae.InDoubt {
			t.Errorf("%d beneath: %v", n, ae)
		}
	}
	if err := errors.New("not the client's"); !errors.Is(unchained(err), err) {
		t.Errorf("%v", unchained(err))
	}
}

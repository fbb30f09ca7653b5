package record

import (
	"context"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// Keys calls f with the key of each object, in no order. It may call f with a key more
// than once.
func (r *Set) Keys(ctx context.Context, f func(key string)) error {
	return r.KeysIf(ctx, nil, func(key string) bool { f(key); return true })
}

// KeysIf is Keys for the records that pass the filter, if it is not nil. It ends when f
// returns false.
func (r *Set) KeysIf(ctx context.Context, filter *as.Expression, f func(key string) bool) error {
	for _, set := range append([]string{r.set}, r.others...) {
		if more, err := r.keysOf(ctx, set, filter, f); err != nil || !more {
			return err
		}
	}
	return nil
}

func (r *Set) keysOf(ctx context.Context, set string, filter *as.Expression, f func(key string) bool) (more bool, err error) {
	base, err := r.base(ctx)
	if err != nil {
		return false, err
	}
	base.TotalTimeout = 0 // of the whole scan, which the context bounds
	base.FilterExpression = filter
	p := as.NewScanPolicy()
	p.BasePolicy = base
	p.MaxRetries = scanRetries
	p.IncludeBinData = false
	rs, aerr := r.client.ScanPartitions(p, as.NewPartitionFilterAll(), r.namespace, set)
	if aerr != nil {
		return false, Failure(aerr, false)
	}
	defer leave(rs)
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case res, ok := <-rs.Results():
			if !ok {
				return true, nil
			}
			if res.Err != nil {
				return false, Failure(res.Err, false)
			}
			key, err := keyOf(res.Record, set)
			if err != nil || !f(key) {
				return false, err
			}
		}
	}
}

// keyOf returns the key that is stored with a record.
func keyOf(rec *as.Record, set string) (string, error) {
	v := rec.Key.Value()
	if v == nil {
		return "", Corrupt("record %x has no key: somebody else writes to set %q", rec.Key.Digest(), set)
	}
	key, ok := v.GetObject().(string)
	if !ok {
		return "", Corrupt("record %x has a key of type %T: somebody else writes to set %q", rec.Key.Digest(), v.GetObject(), set)
	}
	return key, nil
}

// leave ends a scan and waits until the goroutines that the client started for it have
// ended: the caller may close the client next. They end only if somebody receives what they
// have read, so leave receives it. If a server is silent they end with its timeout.
func leave(rs *as.Recordset) {
	go func() {
		for range rs.Results() {
		}
	}()
	rs.Close() //nolint:errcheck // fails only if the scan has ended
}

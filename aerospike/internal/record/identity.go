package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// ErrSameDC means that another cluster writes the records of this datacenter: two
// are configured with one Config.DC, and XDR joins them. Either loses what the
// other writes. Nothing is written.
var ErrSameDC = errors.New("aerospike: another cluster writes under the id of this datacenter")

// The identity of a cluster is a random number. The first engine of a datacenter draws
// it, and writes it into a record of its own together with the names of the cluster's
// nodes. Each record of an object bears the number too. If two clusters have the id of
// one datacenter, XDR brings each the other's records. Then the identity names no node
// that is in this cluster, or an object's record bears another number.
const (
	identitySet = ".ids" // after the set's name
	binNodes    = "n"
)

// check fails if the record is one that another cluster wrote.
func (r *Set) check(u *layout.Record) error {
	if r.owner != 0 && u.Owner != 0 && u.Owner != r.owner {
		return fmt.Errorf("%w: its records are those of cluster %x, not %x", ErrSameDC, u.Owner, r.owner)
	}
	return nil
}

// Identify reads the identity of the datacenter's cluster, or makes it.
func (r *Set) Identify(ctx context.Context, set, dc string) error {
	k, err := as.NewKey(r.namespace, set+identitySet, dc)
	if err != nil {
		return fmt.Errorf("aerospike: identity of %q: %w", dc, err)
	}
	for {
		p, err := r.readPolicy(ctx, true)
		if err != nil {
			return err
		}
		rec, aerr := r.client.Get(p, k)
		switch {
		case aerr == nil:
			return r.recognise(ctx, k, rec)
		case outermostCode(aerr) != types.KEY_NOT_FOUND_ERROR:
			return fmt.Errorf("aerospike: identity of %q: %w", dc, Failure(aerr, false))
		}
		w, err := r.writePolicy(ctx)
		if err != nil {
			return err
		}
		w.RecordExistsAction = as.CREATE_ONLY
		_, aerr = r.client.Operate(w, k,
			as.PutOp(as.NewBin(BinOwner, int64(system.Random()>>1|1))), as.PutOp(as.NewBin(binNodes, strings.Join(r.nodes(), ","))))
		if aerr != nil && outermostCode(aerr) != types.KEY_EXISTS_ERROR {
			return fmt.Errorf("aerospike: identity of %q: %w", dc, Failure(aerr, true))
		}
	}
}

// recognise takes an identity that shares a node with this cluster for this
// cluster's own, and adds to it the nodes that have come since.
func (r *Set) recognise(ctx context.Context, k *as.Key, rec *as.Record) error {
	owner, ok := rec.Bins[BinOwner].(int)
	names, ok2 := rec.Bins[binNodes].(string)
	if !ok || !ok2 || owner == 0 {
		return Corrupt("identity %v: %v", k.Value(), rec.Bins)
	}
	known, here := strings.Split(names, ","), r.nodes()
	shared, all := false, slices.Clone(known)
	for _, n := range here {
		if slices.Contains(known, n) {
			shared = true
		} else {
			all = append(all, n)
		}
	}
	if !shared {
		return fmt.Errorf("%w: it has the nodes %s, and here are %s", ErrSameDC, names, strings.Join(here, ","))
	}
	r.owner = uint64(owner)
	if len(all) == len(known) {
		return nil
	}
	p, err := r.writePolicy(ctx)
	if err != nil {
		return err
	}
	if _, aerr := r.client.Operate(p, k, as.PutOp(as.NewBin(binNodes, strings.Join(all, ",")))); aerr != nil {
		return fmt.Errorf("aerospike: identity %v: %w", k.Value(), Failure(aerr, true))
	}
	return nil
}

// nodes returns the names of the cluster's nodes, in order.
func (r *Set) nodes() []string {
	var names []string
	for _, n := range r.client.GetNodes() {
		names = append(names, n.GetName())
	}
	slices.Sort(names)
	return names
}

package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// Compared is what an audit of one link did.
type Compared struct {
	A, B string
	// Partitions is how many partitions were compared, of Of: those of every set. What
	// was not compared is in the error.
	Partitions, Of int
	// Objects is how many objects one of the clusters has. Differed is how many of them
	// were not known to be equal, and loaded, most of which are equal. Failed is how many
	// of those could not be made equal.
	Objects, Differed, Failed int64
}

func (c *Compared) add(o Compared) {
	c.Partitions += o.Partitions
	c.Objects += o.Objects
	c.Differed += o.Differed
	c.Failed += o.Failed
}

// compare compares the records of some partitions in both clusters and makes them
// equal. If one of the partitions cannot be read, it compares the others. It narrows
// down which one that is as long as only one half fails: if both do, the fault is wider
// than a partition, and to try each would take long.
func (l *link) compare(ctx context.Context, set string, first, count int) (c Compared, err error) {
	var errs []error
	for {
		done, failed, unread := l.compareOnce(ctx, set, first, count)
		c.add(done)
		errs = append(errs, l.failure(set, first, count, failed))
		if unread == nil || count == 1 || ctx.Err() != nil {
			errs = append(errs, l.failure(set, first, count, unread))
			break
		}
		half := count / 2
		done, failed, left := l.compareOnce(ctx, set, first, half)
		c.add(done)
		errs = append(errs, l.failure(set, first, half, failed))
		if left == nil {
			first, count = first+half, count-half
			continue
		}
		done, failed, right := l.compareOnce(ctx, set, first+half, count-half)
		c.add(done)
		errs = append(errs, l.failure(set, first+half, count-half, failed))
		if right != nil {
			errs = append(errs, l.failure(set, first, count, unread))
			break
		}
		count = half
	}
	return c, errors.Join(errs...)
}

// compareOnce is compare without another try. It returns what failed of objects, and why
// the partitions could not be read.
func (l *link) compareOnce(ctx context.Context, set string, first, count int) (done Compared, failed, unread error) {
	seen := make(map[[20]byte]*compared)
	for i, d := range []*direction{l.ab, l.ba} {
		c := &d.from.cluster
		g := record.NewPages(c.Client, c.Namespace, set, first, count, &l.timeouts[i])
		err := g.Fingerprints(ctx, func(r record.Found, fp layout.Fingerprint, known bool) { take(seen, i, r, fp, known) })
		if err != nil {
			return Compared{}, nil, fmt.Errorf("scan cluster %q: %w", c.Name, err)
		}
		l.timeouts[i].Ended()
	}
	done = Compared{Partitions: count, Objects: int64(len(seen))}
	for _, d := range []*direction{l.ab, l.ba} {
		for _, r := range d.undelivered.in(set, first, count) {
			if c := seen[r.Digest]; c != nil {
				c.unknown = true
			} else if r.Key != "" {
				seen[r.Digest] = &compared{Found: r, unknown: true}
			} else {
				d.undelivered.remove(set, r.Digest) // it is gone
			}
		}
	}
	maps.DeleteFunc(seen, func(_ [20]byte, c *compared) bool { return !c.differ() })
	done.Differed = int64(len(seen))
	done.Failed, failed = l.equalize(ctx, set, seen)
	l.mu.Lock()
	l.Differed += done.Differed
	l.mu.Unlock()
	return done, failed, nil
}

// compared is what an audit knows of a key, in the one cluster and the other.
type compared struct {
	record.Found

	prints  [2]layout.Fingerprint // zero: there is none
	unknown bool
}

func take(seen map[[20]byte]*compared, side int, r record.Found, fp layout.Fingerprint, known bool) {
	c := seen[r.Digest]
	if c == nil {
		c = &compared{Found: r}
		seen[r.Digest] = c
	}
	c.prints[side] = fp
	c.unknown = c.unknown || !known || r.Bad != nil
}

func (c *compared) differ() bool { return c.unknown || c.prints[0] != c.prints[1] }

// equalize makes the clusters equal in the objects that differ, and returns how many it
// could not, and an error of one of them.
func (l *link) equalize(ctx context.Context, set string, differ map[[20]byte]*compared) (failed int64, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	room := make(chan struct{}, l.cfg.Concurrency)
	for _, c := range differ {
		room <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-room }()
			stuck, oerr := l.object(ctx, set, &c.Found)
			mu.Lock()
			defer mu.Unlock()
			if oerr != nil {
				err = oerr
			}
			if oerr != nil || stuck {
				failed++
			}
		})
	}
	wg.Wait()
	if err != nil && failed > 1 {
		err = fmt.Errorf("%d objects, of which one is %w", failed, err)
	}
	return failed, err
}

// object makes one object equal on both sides: each gets what only the other has. It
// reports whether the object is left to the next pass, since trying again sooner is of no
// use.
func (l *link) object(ctx context.Context, set string, r *record.Found) (stuck bool, err error) {
	if r.Bad != nil {
		l.ab.conclude(set, r, r.Bad)
		l.ba.conclude(set, r, r.Bad)
		return true, nil
	}
	if err := l.ab.rate.wait(ctx, l.cfg.Now); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	a, b, err := l.ab.load(ctx, set, r)
	errAB, errBA := err, err
	if a != nil && b != nil {
		errAB = errors.Join(errAB, l.ab.send(ctx, set, r.Key, a, b))
		errBA = errors.Join(errBA, l.ba.send(ctx, set, r.Key, b, a))
	}
	var failed error
	for _, way := range []struct {
		d   *direction
		err error
	}{{l.ab, errAB}, {l.ba, errBA}} {
		if !way.d.conclude(set, r, way.err) {
			way.d.undelivered.add(set, r, failing, l.cfg.Now())
			failed = fmt.Errorf("object %q: %w", r.Key, way.err)
		}
	}
	return errAB != nil || errBA != nil, failed
}

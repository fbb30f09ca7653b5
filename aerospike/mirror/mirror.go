package mirror

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// Mirror makes clusters hold the same objects: what is written in one is merged
// into the others, in all directions, without anything of the servers. It is for
// clusters that do not ship to each other themselves (XDR is not in Community
// Edition), and must not be used on sets that are shipped so: shipping replaces,
// and would undo what was merged.
//
// The change scan makes the mirror fast, the audit makes it complete: after a cut,
// crash, rollback or clock error every update that any current record or live
// journal holds reaches every connected cluster within one audit period (for each
// link on the way). A holder is a current record version or a live journal; a node
// that is down and a side that lost a split are not.
//
// That period begins when the mirror has found out that the cluster can be reached
// again, which takes three things. After failures the mirror pauses, up to sixteen times
// longer than usual. A scan whose connection was cut without a word waits for it, for 5 s,
// or for up to 30 s where scans take long. The client waits likewise when it asks which
// nodes there are, for ClientPolicy.Timeout: set that to a few seconds, it is 30 s by
// default.
//
// Every write is a merge of what was found missing, so that any number of mirrors
// of the same clusters may run, in any processes, and stop at any time; nothing has
// to be handed over. It keeps nothing but where its scans are (Checkpoint). When
// nothing changes it writes nothing. Records that were deleted come back: objects
// are never deleted, see the package comment.
//
// A Mirror is safe for concurrent use. New makes one, and starts nothing.
type Mirror struct {
	cfg   Config
	made  time.Time
	peers []*peer
	links []*link

	sizeLimit sizeLimit
	running   atomic.Bool
}

// New returns a Mirror. It talks to nobody until it is used.
func New(cfg Config) (*Mirror, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	resumed, err := readCheckpoint(&cfg)
	if err != nil {
		return nil, err
	}
	m := &Mirror{cfg: cfg, made: cfg.Now()}
	m.sizeLimit.lower(cfg.RecordSize)
	named := make(map[string]*peer)
	for _, c := range cfg.Clusters {
		p := newPeer(&m.cfg, c, &m.sizeLimit, resumed.Clusters[c.Name])
		m.peers, named[c.Name] = append(m.peers, p), p
	}
	for _, l := range cfg.Links {
		a, b := named[l.A], named[l.B]
		m.links = append(m.links, newLink(&m.cfg, a, b))
	}
	for _, d := range m.directions() {
		for set, b := range d.from.blocks {
			b.others = append(b.others, d.to.blocks[set])
		}
		resumed.resume(d, m.made)
	}
	return m, nil
}

func (m *Mirror) directions() []*direction {
	var ds []*direction
	for _, l := range m.links {
		ds = append(ds, l.ab, l.ba)
	}
	return ds
}

// Sync scans once, in every direction, for what has changed, and copies it. Over a
// link that is one of several on the way, a change needs as many. It goes on where
// something fails, and returns why; what failed is scanned again the next time.
// The first Sync, and the first after a change of a cluster, scans everything.
func (m *Mirror) Sync(ctx context.Context) error {
	m.checkAll(ctx)
	return m.each(func(_ int, l *link) error { return errors.Join(l.ab.scan(ctx), l.ba.scan(ctx)) })
}

// Audit compares all records over every link once, as fast as it can, and makes them
// equal where they differ. It goes on where something fails, and returns what it
// compared, link by link, and an error for all that it could not compare or make equal,
// which names the partitions.
func (m *Mirror) Audit(ctx context.Context) ([]Compared, error) {
	m.checkAll(ctx)
	compared := make([]Compared, len(m.links))
	err := m.each(func(i int, l *link) (err error) { compared[i], err = l.all(ctx); return err })
	return compared, err
}

// checkAll asks every cluster how it is, all at once, so that what the smallest of them
// takes is known before anything is copied to another. Who does not answer is asked
// again before anything is written to it, where the error is told.
func (m *Mirror) checkAll(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range m.peers {
		wg.Go(func() { _, _ = p.check(ctx) })
	}
	wg.Wait()
}

// each calls f for every link at once.
func (m *Mirror) each(f func(int, *link) error) error {
	errs := make([]error, len(m.links))
	var wg sync.WaitGroup
	for i, l := range m.links {
		wg.Go(func() { errs[i] = f(i, l) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Run mirrors until the context ends, and returns nil then. Whatever fails is
// logged and tried again. Links do not wait for each other, nor does one direction
// for the other.
func (m *Mirror) Run(ctx context.Context) error {
	if !m.running.CompareAndSwap(false, true) {
		return errors.New("mirror: Mirror.Run while it runs")
	}
	defer m.running.Store(false)
	m.checkAll(ctx)
	var wg sync.WaitGroup
	for _, l := range m.links {
		for _, d := range []*direction{l.ab, l.ba} {
			wg.Go(func() {
				m.repeat(ctx, "mirror: scan failed", func(ctx context.Context) (time.Duration, error) {
					return m.cfg.Period, d.scan(ctx)
				})
			})
		}
		wg.Go(func() {
			count, every := l.step()
			m.repeat(ctx, "mirror: audit failed", func(ctx context.Context) (time.Duration, error) {
				began := m.cfg.Now()
				err := l.advance(ctx, count)
				return max(0, every-m.cfg.Now().Sub(began)), err
			})
		})
	}
	wg.Wait()
	return nil
}

const (
	// maxPauseFactor is by how much longer than usual the mirror waits after failures in
	// a row, at most.
	maxPauseFactor = 16
	// minFailurePause is how long it waits after a failure, at least.
	minFailurePause = 100 * time.Millisecond
)

// repeat calls f until the context ends, and pauses between the calls as long as f
// says: longer after each failure.
func (m *Mirror) repeat(ctx context.Context, message string, f func(context.Context) (pause time.Duration, err error)) {
	for factor := time.Duration(1); ; {
		d, err := f(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			factor = 1
		} else {
			m.cfg.Logger.Warn(message, slog.Any("error", err))
			factor = min(2*factor, maxPauseFactor)
			d = max(d, minFailurePause) * factor
		}
		if system.Sleep(ctx, d) != nil {
			return
		}
	}
}

package mirror

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// Config configures a Mirror. Clusters and Sets are required; the zero value
// of all else is a sensible choice.
type Config struct {
	// Clusters are those that are to hold the same, at least two.
	Clusters []Cluster
	// Sets are the sets that are mirrored, under the same names everywhere. Nothing
	// but engines and mirrors may write there.
	Sets []string
	// Links are between whom records are copied, in both directions; nil is between
	// any two. Clusters need not be linked to all others: what arrives is passed on.
	// They must hang together.
	Links []Link
	// Kinds are those of Config. Objects of a kind that is not known here are copied
	// too, but never joined.
	Kinds []crdt.AnyKind

	// Period is how long to wait between two scans for what changed; 0 is 1 s.
	Period time.Duration
	// Margin is by how much a scan reaches back beyond the start of the one before.
	// It has to cover what a write may take to land (Attempt of the engines) and how
	// far the clocks of one cluster's nodes are apart (cluster_clock_skew_ms): what it
	// does not cover waits for the audit. 0 is 10 s.
	Margin time.Duration
	// AuditPeriod is how long a comparison of all records takes, and so the longest
	// that a change can be missed whatever happened to clusters, clocks and mirrors;
	// 0 is 1 h. The load it makes is spread over that time.
	AuditPeriod time.Duration

	// Partitions is how many of a cluster's 4,096 partitions one request scans, and
	// one cursor stands for; 0 is 512. Large clusters want fewer: a scan that fails
	// begins again where its cursor is.
	Partitions int
	// Concurrency is how many operations may be on their way to one cluster; 0 is 32.
	// When it says that it is overloaded, they become fewer.
	Concurrency int
	// Rate is how many objects a second are compared in one direction of a link, at
	// most; 0 is as many as there are.
	Rate int
	// Attempt bounds one attempt at one operation, 0 is 1 s; Timeout what is done
	// about one object at a time, 0 is 10 s.
	Attempt, Timeout time.Duration

	// QueueSize and RecordSize are those of Config; 0 is 256 KiB, and what the
	// smallest max-record-size of all clusters leaves, when they are first met: what
	// does not fit into one of them is refused by the mirror for all. RecordSize can
	// only make that less.
	QueueSize, RecordSize int

	// Checkpoint is what Checkpoint returned when an earlier Mirror of these clusters
	// ended: what it had copied need not be looked at again. Nil begins with
	// everything.
	Checkpoint []byte

	// Now tells the time; nil is time.Now.
	Now func() time.Time
	// Logger gets what happens. Nil discards it.
	Logger *slog.Logger

	_ struct{}
}

// Client is what a Mirror uses of a client; *as.Client is one.
type Client = cluster.Client

// Cluster is a cluster of a Mirror, which calls the client but never closes
// it.
type Cluster struct {
	Name      string // in links, figures and messages
	Client    Client // an *as.Client is one
	Namespace string
}

// Link says that two clusters copy from each other. They are named.
type Link struct{ A, B string }

// defaults of Config.
const (
	defaultPeriod      = time.Second
	defaultMargin      = 10 * time.Second
	defaultAuditPeriod = time.Hour
	defaultPartitions  = 512
	defaultConcurrency = 32
	defaultAttempt     = time.Second
	defaultTimeout     = 10 * time.Second
	defaultQueueSize   = 256 << 10
)

// complete checks the configuration and returns it with all defaults set.
func (c Config) complete() (Config, error) {
	c.Period = cmp.Or(c.Period, defaultPeriod)
	c.Margin = cmp.Or(c.Margin, defaultMargin)
	c.AuditPeriod = cmp.Or(c.AuditPeriod, defaultAuditPeriod)
	c.Partitions = cmp.Or(c.Partitions, defaultPartitions)
	c.Concurrency = cmp.Or(c.Concurrency, defaultConcurrency)
	c.Attempt = cmp.Or(c.Attempt, defaultAttempt)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.QueueSize = cmp.Or(c.QueueSize, defaultQueueSize)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Links == nil {
		c.Links = everyLink(c.Clusters)
	}
	return c, errors.Join(c.checkClusters(), c.checkLinks(), c.checkNumbers())
}

func everyLink(cs []Cluster) []Link {
	var links []Link
	for i := range cs {
		for k := range i {
			links = append(links, Link{cs[k].Name, cs[i].Name})
		}
	}
	return links
}

func (c Config) checkClusters() error {
	var errs []error
	if len(c.Clusters) < 2 {
		errs = append(errs, fmt.Errorf("mirror: Config with %d clusters, at least two", len(c.Clusters)))
	}
	for i, p := range c.Clusters {
		switch {
		case p.Name == "" || slices.ContainsFunc(c.Clusters[:i], func(o Cluster) bool { return o.Name == p.Name }):
			errs = append(errs, fmt.Errorf("mirror: Config: cluster %d: no name of its own: %q", i, p.Name))
		case p.Client == nil:
			errs = append(errs, fmt.Errorf("mirror: Config: cluster %q without a client", p.Name))
		case p.Namespace == "" || len(p.Namespace) > cluster.MaxNamespace:
			errs = append(errs, fmt.Errorf("mirror: Config: cluster %q, namespace %q: 1 to %d bytes",
				p.Name, p.Namespace, cluster.MaxNamespace))
		}
	}
	if len(c.Sets) == 0 {
		errs = append(errs, errors.New("mirror: Config without a set"))
	}
	for i, s := range c.Sets {
		if s == "" || len(s) > cluster.MaxSet || slices.Contains(c.Sets[:i], s) {
			errs = append(errs, fmt.Errorf("mirror: Config: set %q: once, 1 to %d bytes", s, cluster.MaxSet))
		}
	}
	return errors.Join(errs...)
}

// checkLinks checks that every cluster can be reached from every other.
func (c Config) checkLinks() error {
	known := func(name string) bool {
		return slices.ContainsFunc(c.Clusters, func(p Cluster) bool { return p.Name == name })
	}
	if len(c.Clusters) == 0 {
		return nil // is told already
	}
	for i, l := range c.Links {
		again := slices.ContainsFunc(c.Links[:i], func(o Link) bool { return o == l || o == Link{l.B, l.A} })
		if l.A == l.B || again || !known(l.A) || !known(l.B) {
			return fmt.Errorf("mirror: Config: link %q–%q: between two clusters, once", l.A, l.B)
		}
	}
	reached := []string{c.Clusters[0].Name}
	for i := 0; i < len(reached); i++ {
		for _, l := range c.Links {
			for _, to := range [][2]string{{l.A, l.B}, {l.B, l.A}} {
				if to[0] == reached[i] && !slices.Contains(reached, to[1]) {
					reached = append(reached, to[1])
				}
			}
		}
	}
	if len(reached) < len(c.Clusters) {
		return fmt.Errorf("mirror: Config: links lead from cluster %q to %q only", reached[0], reached[1:])
	}
	return nil
}

func (c Config) checkNumbers() error {
	switch {
	case c.Period < 0 || c.Margin < 0 || c.AuditPeriod < 0 || c.Attempt < 0 || c.Timeout < 0:
		return fmt.Errorf("mirror: Config with a negative time: "+
			"Period %v, Margin %v, AuditPeriod %v, Attempt %v, Timeout %v",
			c.Period, c.Margin, c.AuditPeriod, c.Attempt, c.Timeout)
	case c.Partitions < 1 || c.Partitions > cluster.Partitions:
		return fmt.Errorf("mirror: Config.Partitions %d: 1 to %d", c.Partitions, cluster.Partitions)
	case c.Concurrency < 1 || c.Rate < 0 || c.QueueSize < 0 || c.RecordSize < 0:
		return fmt.Errorf("mirror: Config: Concurrency %d, Rate %d, QueueSize %d, RecordSize %d: none is negative",
			c.Concurrency, c.Rate, c.QueueSize, c.RecordSize)
	}
	return nil
}

package aerospike

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// Config configures an Engine. Namespace and Set are required; the zero value of
// all else is a sensible choice.
type Config struct {
	// Namespace and Set say where the objects are. Nothing else may write there.
	Namespace, Set string

	// DC is the id of this cluster's datacenter, and DCs are those of all, if XDR
	// copies the set between clusters. Each datacenter then writes records of its own,
	// in the set "<Set>.<DC>". Every cluster has its own id: two with one are found
	// out, and refused. Without DC an object is one record, which XDR must not copy.
	DC  string
	DCs []string

	// Kinds are the kinds of lattices of your own, which the engine cannot join
	// without knowing them. Causal types and those of package crdt need not be told.
	Kinds []crdt.AnyKind

	// Attempt bounds one attempt at one operation; 0 is 1 s. Timeout bounds calls
	// whose context has no deadline; 0 is 10 s.
	Attempt, Timeout time.Duration

	// QueueLength is how many changes a record's queue may hold before a writer
	// folds them into the snapshot; 0 is 256. QueueSize is how many bytes the record
	// may grow beyond its snapshot before that; 0 is 256 KiB.
	QueueLength, QueueSize int
	// RecordSize is the largest snapshot, in bytes, which must stay below the
	// namespace's max-record-size with all that is stored beside it; 0 is 1 MiB less
	// 16 KiB.
	RecordSize int

	// CacheObjects is how many objects the engine remembers as it last saw them, so
	// that an update of one costs a single round trip; 0 is 10,000, negative none.
	// CacheBytes bounds what they take in memory, decoded, which is estimated, rather too
	// high; 0 is 256 MiB. Objects in use are not among them, nor what this process
	// wrote to counters without a context (GCounter, PNCounter, BoundedCounter, also in
	// a GMap): it must not forget that, some 300 to 800 bytes for each.
	CacheObjects, CacheBytes int

	// KeepTime is how long the engine keeps changes that the cluster has acknowledged, in
	// memory and in the Journal if there is one, so that it can merge them again when the
	// cluster has lost them; 0 is 10 min. KeepSize bounds their bytes; 0 is 64 MiB.
	KeepTime time.Duration
	KeepSize int

	// MaxInDoubt is how many changes may be in doubt at a time, and MaxInDoubtSize how
	// many bytes they may have, before further Updates are refused with
	// ErrTooManyInDoubt; those that run then may yet come to it. 0 is 10,000, and 64 MiB.
	MaxInDoubt, MaxInDoubtSize int

	// Journal is durable memory of this process, such as one of package diskjournal. With
	// it a process that is started again goes on as the same replica, if it is proven
	// that it may, and merges what the one before left. Nil: each start is a new replica,
	// and what was in doubt is forgotten with the process. It must serve no other engine,
	// and stay open until Close.
	Journal Journal

	// Watch is how often the engine asks whether the cluster has changed; 0 is 1 s,
	// negative is never: then call Remerge after each change.
	Watch time.Duration

	// Scrub is how long the engine takes to look at all objects that it remembers or
	// has in its journal, over and over, for records that went back while nobody read
	// them, which it mends; 0 is 10 min, negative is never. ScrubRate bounds the objects
	// that it reads in a second, so that it takes longer with many; 0 is 200.
	Scrub     time.Duration
	ScrubRate int

	// AuditEvery is how often the engine looks for settings that lose data (see
	// Audit), after it did so once in Open; 0 is 1 min, negative is not at all. Accept
	// names settings whose findings of level Fatal are to be lived with.
	AuditEvery time.Duration
	Accept     []string

	// Now tells the time of day; nil is time.Now.
	Now func() time.Time
	// ClockBound is how far the engine's clock follows those of others; 0 is
	// clock.DefaultBound.
	ClockBound time.Duration

	// TokenKey authenticates tokens: at least 16 bytes, the same wherever tokens
	// are to be taken back. Nil draws a key that only this Engine knows.
	TokenKey []byte

	// Logger gets what nobody waits for. Nil discards it.
	Logger *slog.Logger

	_ struct{}
}

// defaults of Config.
const (
	defaultAttempt      = time.Second
	defaultTimeout      = 10 * time.Second
	defaultQueueLength  = 256
	defaultQueueSize    = 256 << 10
	defaultRecordSize   = 1<<20 - record.Overhead
	defaultCacheObjects = 10_000
	defaultCacheBytes   = 256 << 20
	defaultWatch        = time.Second
	defaultScrub        = 10 * time.Minute
	defaultScrubRate    = 200
	defaultMaxInDoubt   = 10_000
	defaultInDoubtSize  = 64 << 20
	defaultJournalTime  = 10 * time.Minute
	defaultJournalSize  = 64 << 20
)

// complete checks the configuration and returns it with all defaults set.
func (c Config) complete() (Config, error) {
	switch {
	case c.Namespace == "" || len(c.Namespace) > cluster.MaxNamespace:
		return c, fmt.Errorf("aerospike: Config.Namespace %q: 1 to %d bytes", c.Namespace, cluster.MaxNamespace)
	case c.Set == "" || len(c.Set) > maxSet:
		return c, fmt.Errorf("aerospike: Config.Set %.100q: 1 to %d bytes, which leaves room for the names of sets beside it", c.Set, maxSet)
	case strings.ContainsFunc(c.Set, func(r rune) bool { return r == ':' || r == ';' || r < ' ' }):
		return c, fmt.Errorf("aerospike: Config.Set %q: the server takes no colon, semicolon or control character in the name of a set", c.Set)
	case c.DC == "" && len(c.DCs) > 0:
		return c, fmt.Errorf("aerospike: Config.DCs %q without DC", c.DCs)
	case c.DC != "" && (!slices.Contains(c.DCs, c.DC) || len(c.DCs) < 2):
		return c, fmt.Errorf("aerospike: Config.DC %q: DCs %q must have it and another", c.DC, c.DCs)
	case slices.ContainsFunc(c.DCs, func(dc string) bool { return !dcName.MatchString(dc) || len(setOf(c.Set, dc)) > cluster.MaxSet }):
		return c, fmt.Errorf("aerospike: Config.DCs %q: letters, digits and dashes, at most %d with the set %q", c.DCs, cluster.MaxSet, c.Set)
	case c.Attempt < 0 || c.Timeout < 0 || c.ClockBound < 0 || c.KeepTime < 0:
		return c, fmt.Errorf("aerospike: Config with a negative time: Attempt %v, Timeout %v, ClockBound %v, KeepTime %v",
			c.Attempt, c.Timeout, c.ClockBound, c.KeepTime)
	case c.QueueLength < 0 || c.QueueSize < 0 || c.RecordSize < 0 || c.KeepSize < 0 || c.CacheBytes < 0:
		return c, fmt.Errorf("aerospike: Config with a negative size: QueueLength %d, QueueSize %d, RecordSize %d, KeepSize %d, CacheBytes %d",
			c.QueueLength, c.QueueSize, c.RecordSize, c.KeepSize, c.CacheBytes)
	case c.MaxInDoubt < 0 || c.MaxInDoubtSize < 0:
		return c, fmt.Errorf("aerospike: Config.MaxInDoubt %d, MaxInDoubtSize %d", c.MaxInDoubt, c.MaxInDoubtSize)
	case c.ScrubRate < 0:
		return c, fmt.Errorf("aerospike: Config.ScrubRate %d", c.ScrubRate)
	case c.TokenKey != nil && len(c.TokenKey) < minTokenKey:
		return c, fmt.Errorf("aerospike: Config.TokenKey of %d bytes, at least %d", len(c.TokenKey), minTokenKey)
	}
	orElse(&c.Attempt, defaultAttempt)
	orElse(&c.Timeout, defaultTimeout)
	orElse(&c.QueueLength, defaultQueueLength)
	orElse(&c.QueueSize, defaultQueueSize)
	orElse(&c.RecordSize, defaultRecordSize)
	orElse(&c.CacheObjects, defaultCacheObjects)
	orElse(&c.CacheBytes, defaultCacheBytes)
	orElse(&c.AuditEvery, defaultAuditEvery)
	orElse(&c.Watch, defaultWatch)
	orElse(&c.Scrub, defaultScrub)
	orElse(&c.ScrubRate, defaultScrubRate)
	orElse(&c.MaxInDoubt, defaultMaxInDoubt)
	orElse(&c.MaxInDoubtSize, defaultInDoubtSize)
	orElse(&c.KeepTime, defaultJournalTime)
	orElse(&c.KeepSize, defaultJournalSize)
	if c.Now == nil {
		c.Now = time.Now
	}
	orElse(&c.Logger, slog.New(slog.DiscardHandler))
	return c, nil
}

const minTokenKey = 16

// maxSet is the longest name of a set to which others can be added: of blocks, and of
// the clusters' identities.
const maxSet = cluster.MaxSet - len(".ids")

var dcName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

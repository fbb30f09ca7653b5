package audit

import (
	"fmt"
	"strings"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// Layout says in which records the datacenters keep an object.
type Layout uint8

const (
	// Single is one record, which every datacenter writes. Clusters are
	// brought together by this package alone: nothing else may ship the record.
	Single Layout = iota
	// PerDatacenter is a record for each datacenter, which no other writes.
	PerDatacenter
)

// String returns "single" or "per datacenter".
func (l Layout) String() string {
	switch l {
	case Single:
		return "single"
	case PerDatacenter:
		return "per datacenter"
	}
	return fmt.Sprintf("Layout(%d)", uint8(l))
}

// Facts are what the audit must know beside the servers' settings. Namespace is
// required.
type Facts struct {
	Namespace string
	// Set is where the objects are. Empty: settings of sets are not looked at.
	Set string
	// Layout is that of the objects.
	Layout Layout
	// Datacenter is the id under which the cluster's records are written, and what
	// findings call the cluster. Empty: they call it by its own name.
	Datacenter string
	// Clusters is how many clusters hold the objects; fewer than are asked in one
	// audit counts as that many.
	Clusters int
	// Journal says that processes keep what was acknowledged and merge it again.
	Journal bool
	// TTL says that objects expire.
	TTL bool
	// Margin is by how much scans for what has changed overlap. 0: there are none.
	Margin time.Duration
	// RecordSize is the largest record in bytes that the engine writes, all bins
	// together. 0: not known.
	RecordSize int
	// Started is when the objects were last known to be whole, such as the start of
	// the process. A truncation before it is no news. Zero: any is.
	Started time.Time

	_ struct{}
}

// Client is what an audit uses of a client; *as.Client is one.
type Client = cluster.Client

// Target is a cluster to audit. Client is borrowed for the call.
type Target struct {
	Client Client
	Facts  Facts

	_ struct{}
}

// check refuses names that cannot stand in an info command, which one line holds.
func (f *Facts) check() error {
	if f.Namespace == "" || len(f.Namespace) > cluster.MaxNamespace || !plain(f.Namespace) {
		return fmt.Errorf("audit of namespace %q", f.Namespace)
	}
	if len(f.Set) > cluster.MaxSet || !plain(f.Set) {
		return fmt.Errorf("audit of set %q", f.Set)
	}
	return nil
}

// plain reports whether a name is without what separates names in info commands
// and replies, so that it cannot become a command of its own.
func plain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || strings.ContainsRune(";:=,/\x7f", r) })
}

// alone reports whether a record that a cluster loses is lost: nobody merges it
// again, neither another cluster nor a journal.
func (f *Facts) alone() bool { return f.Clusters <= 1 && !f.Journal }

package asdtest

import (
	"strings"
	"sync/atomic"
)

// namespace is one namespace: its settings, and its records on either side of a
// split. Outside of a split only the first side is there.
type namespace struct {
	name     string
	settings *settings // get-config
	stats    *settings // statistics that are not computed
	limits   atomic.Pointer[limits]
	sides    [2]*table
	counts   counters
}

// limits are the settings that every operation looks at.
type limits struct {
	maxRecord  uint64
	defaultTTL uint32
	noTTL      bool // expiry is off, and so a TTL is refused
	reductions bool // a write may bring the expiry nearer
	pending    int
	stopWrites bool
	clockSkew  bool
	onlyXDR    bool
	needSet    bool
}

// counters count what the namespace did.
type counters struct {
	keyBusy, generation, tooBig atomic.Uint64
}

func newNamespace(name string) *namespace {
	ns := &namespace{
		name:     name,
		settings: newSettings(namespaceSettings()),
		stats:    newSettings(namespaceStatistics()),
	}
	ns.sides[0] = &table{}
	ns.refresh()
	return ns
}

// set changes a setting, or a statistic if there is one of that name.
func (ns *namespace) set(name, val string) {
	s := ns.settings
	if ns.stats.has(name) {
		s = ns.stats
	}
	s.set(name, val)
	ns.refresh()
}

func (s *settings) has(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.values[name]
	return ok
}

func (ns *namespace) refresh() {
	s := ns.settings
	ns.limits.Store(&limits{
		maxRecord:  s.uint("max-record-size"),
		defaultTTL: uint32(seconds(s.get("default-ttl"))),
		noTTL:      seconds(s.get("nsup-period")) == 0 && !s.bool("allow-ttl-without-nsup"),
		reductions: s.bool("apply-ttl-reductions"),
		pending:    int(s.uint("transaction-pending-limit")),
		stopWrites: ns.stats.bool("stop_writes"),
		clockSkew:  ns.stats.bool("clock_skew_stop_writes"),
		onlyXDR:    s.bool("reject-non-xdr-writes"),
		needSet:    s.bool("disallow-null-setname"),
	})
}

// seconds reads a duration such as 90, 90s, 15m, 12h or 30d.
func seconds(text string) uint64 {
	unit := uint64(1)
	if n := len(text); n > 0 {
		if i := strings.IndexByte("smhd", text[n-1]); i >= 0 {
			unit = [...]uint64{1, 60, 3600, 86400}[i]
			text = text[:n-1]
		}
	}
	var n uint64
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n * unit
}

// Set changes a setting of a namespace, as it stands in the answer to the info
// command namespace/<name>: "max-record-size", "default-ttl",
// "conflict-resolution-policy" and so on, and also statistics such as "stop_writes"
// or "dead_partitions". A name that the server does not know is added. Those that
// the server acts on (see the package comment) take effect with the next operation.
// It panics if there is no such namespace.
func (c *Cluster) Set(namespace, name, value string) {
	ns := c.namespace(namespace)
	if ns == nil {
		panic("asdtest: no namespace " + namespace)
	}
	ns.set(name, value)
}

// SetStatistic changes a statistic of the node, as it stands in the answer to the
// info command statistics: "cluster_size", "cluster_clock_skew_ms",
// "migrate_partitions_remaining" and so on.
func (c *Cluster) SetStatistic(name, value string) { c.stats.set(name, value) }

// SetInfo makes the server answer the info command with text instead of what it
// would say, for what is not modelled: "edition", "get-config:context=xdr".
func (c *Cluster) SetInfo(command, text string) { c.answers.set(command, text) }

package asdtest

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// all yields the records of a table that have not expired, in the order of
// partitions and digests. The caller holds c.state.
func (c *Cluster) all(t *table) iter.Seq2[Digest, *record] {
	now := c.now()
	return func(yield func(Digest, *record) bool) {
		for i := range t.parts {
			p := &t.parts[i]
			p.mu.RLock()
			slots := slices.Clone(p.slots)
			curs := make([]*record, len(slots))
			for k, s := range slots {
				curs[k] = live(s, 0, now)
			}
			p.mu.RUnlock()
			for k, r := range curs {
				if r != nil && !yield(slots[k].digest, r) {
					return
				}
			}
		}
	}
}

// usage counts the records of a namespace and what they take.
func (c *Cluster) usage(ns *namespace) (objects, size string) {
	c.state.RLock()
	defer c.state.RUnlock()
	n, bytes := 0, 0
	for _, r := range c.all(ns.table(c, -1)) {
		n++
		bytes += r.size
	}
	return strconv.Itoa(n), strconv.Itoa(bytes)
}

// infoSets lists the sets of one namespace or of all.
func (c *Cluster) infoSets(name string) string {
	names := []string{name}
	if name == "" {
		names = slices.Sorted(maps.Keys(c.namespaces))
	}
	var b strings.Builder
	for _, name := range names {
		ns := c.namespace(name)
		if ns == nil {
			return "ns_type=unknown"
		}
		c.appendSets(&b, ns)
	}
	return b.String()
}

func (c *Cluster) appendSets(b *strings.Builder, ns *namespace) {
	type use struct{ n, bytes int }
	sets := make(map[string]use)
	c.state.RLock()
	for _, r := range c.all(ns.table(c, -1)) {
		u := sets[r.set]
		sets[r.set] = use{u.n + 1, u.bytes + r.size}
	}
	c.state.RUnlock()
	delete(sets, "")
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		fmt.Fprintf(b, "ns=%s:set=%s:objects=%d:tombstones=0:data_used_bytes=%d:truncate_lut=0:truncating=false:"+
			"default-read-touch-ttl-pct=0:default-ttl=0:disable-eviction=false:enable-index=false:sindexes=0:"+
			"stop-writes-count=0:stop-writes-size=0;", ns.name, set, sets[set].n, sets[set].bytes)
	}
}

// infoTruncate deletes the records of a set, or of a namespace, for good.
func (c *Cluster) infoTruncate(arg string) string {
	p := parameters(arg)
	ns := c.namespace(p["namespace"])
	if ns == nil {
		return "ERROR:4:bad namespace"
	}
	set, one := p["set"]
	c.state.RLock()
	defer c.state.RUnlock()
	t := ns.table(c, -1)
	for i := range t.parts {
		part := &t.parts[i]
		part.mu.Lock()
		part.slots = slices.DeleteFunc(part.slots, func(s *slot) bool {
			return !one || s.last().set == set
		})
		part.mu.Unlock()
	}
	return "ok"
}

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
			if !p.used.Load() {
				continue
			}
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

// infoSets lists the sets of all namespaces, of one, or, for "namespace/set", says
// of that set what there is to say without its name: nothing, if it is empty.
func (c *Cluster) infoSets(arg string) string {
	name, set, one := strings.Cut(arg, "/")
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
		for _, u := range c.sets(ns) {
			if !one {
				fmt.Fprintf(&b, "ns=%s:set=%s:", ns.name, u.name)
			}
			if !one || u.name == set {
				fmt.Fprintf(&b, "objects=%d:tombstones=0:data_used_bytes=%d:truncate_lut=0:sindexes=0:"+
					"index_populating=false:truncating=false:default-read-touch-ttl-pct=0:default-ttl=0:"+
					"disable-eviction=false:enable-index=false:stop-writes-count=0:stop-writes-size=0;", u.objects, u.bytes)
			}
		}
	}
	return b.String()
}

// setUse is what a set takes.
type setUse struct {
	name           string
	objects, bytes int
}

// sets returns the sets of a namespace, by name.
func (c *Cluster) sets(ns *namespace) []setUse {
	byName := make(map[string]setUse)
	c.state.RLock()
	for _, r := range c.all(ns.table(c, -1)) {
		u := byName[r.set]
		byName[r.set] = setUse{r.set, u.objects + 1, u.bytes + r.size}
	}
	c.state.RUnlock()
	delete(byName, "")
	var all []setUse
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, byName[name])
	}
	return all
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

package asdtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const build = "8.1.0.3"

// info answers a list of info commands, one a line.
func (c *Cluster) info(side int, request string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(request, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		b.WriteString(line)
		b.WriteByte('\t')
		b.WriteString(c.infoOne(side, line))
		b.WriteByte('\n')
	}
	return b.String()
}

// infoOne answers one command: a name, and after a colon or slash what it is about.
func (c *Cluster) infoOne(side int, line string) string {
	if c.answers.has(line) {
		return c.answers.get(line)
	}
	name, arg := line, ""
	if i := strings.IndexAny(line, ":/"); i >= 0 {
		name, arg = line[:i], line[i+1:]
	}
	if c.answers.has(name) {
		return c.answers.get(name)
	}
	if text, ok := c.infoCluster(side, name); ok {
		return text
	}
	switch name {
	case "namespaces":
		return strings.Join(slices.Sorted(maps.Keys(c.namespaces)), ";")
	case "namespace":
		return c.infoNamespace(arg)
	case "sets":
		return c.infoSets(arg)
	case "statistics":
		return c.infoStatistics(side)
	case "get-config":
		return c.infoConfig(arg)
	case "set-config":
		return c.infoSetConfig(arg)
	case "truncate", "truncate-namespace":
		return c.infoTruncate(arg)
	case "udf-list", "sindex-list":
		return ""
	}
	return "ERROR:4:unrecognized command"
}

// infoCluster answers what a client asks to find its way.
func (c *Cluster) infoCluster(side int, name string) (text string, ok bool) {
	gen := strconv.FormatInt(c.partGen.Load(), 10)
	switch name {
	case "build":
		return build, true
	case "edition":
		return "Aerospike Community Edition", true
	case "version":
		return "Aerospike Community Edition build " + build, true
	case "node", "name":
		return c.nodeName(side), true
	case "cluster-name":
		return c.cfg.Name, true
	case "features":
		return "batch-any;batch-index;blob-bits;cdt-index;cdt-list;cdt-map;cluster-stable;float;peers;pipelining;" +
			"pquery;pscans;query-show;relaxed-sc;replicas;replicas-all;replicas-master;replicas-max;truncate-namespace", true
	case "partition-generation":
		return gen, true
	case "peers-generation":
		return "0", true
	case "peers-clear-std", "peers-clear-alt", "alumni-clear-std":
		return "0,3000,[]", true
	case "service-clear-std", "service":
		return c.sideAddr(side), true
	case "service-clear-alt":
		return "", true
	case "replicas":
		return c.infoReplicas(), true
	case "rack-ids":
		return "ERROR:25:enterprise only", true
	case "digests":
		return "RIPEMD160", true
	case "cluster-stable":
		return fmt.Sprintf("%X", c.clusterKey.Load()), true
	case "status":
		return "ok", true
	}
	return "", false
}

// infoReplicas says that this node has every partition.
func (c *Cluster) infoReplicas() string {
	all := strings.Repeat("/", partitions/8/3*4) + "//8=" // 4096 one bits in base 64
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(c.namespaces)) {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(&b, "%s:0,1,%s", name, all)
	}
	return b.String()
}

func (c *Cluster) infoNamespace(name string) string {
	ns := c.namespace(name)
	if ns == nil {
		return "type=unknown"
	}
	objects, bytes := c.usage(ns)
	ns.stats.set("objects", objects)
	ns.stats.set("master_objects", objects)
	ns.stats.set("data_used_bytes", bytes)
	ns.stats.set("current_time", strconv.FormatUint(c.millis()/1000, 10))
	ns.stats.set("fail_key_busy", strconv.FormatUint(ns.counts.keyBusy.Load(), 10))
	ns.stats.set("fail_generation", strconv.FormatUint(ns.counts.generation.Load(), 10))
	ns.stats.set("fail_record_too_big", strconv.FormatUint(ns.counts.tooBig.Load(), 10))
	var b strings.Builder
	ns.stats.append(&b)
	b.WriteByte(';')
	ns.settings.append(&b)
	return b.String()
}

func (c *Cluster) infoStatistics(side int) string {
	c.stats.set("cluster_key", fmt.Sprintf("%X", c.clusterKey.Load()))
	c.stats.set("cluster_principal", c.nodeName(side))
	c.stats.set("uptime", strconv.FormatInt((c.now().UnixNano()-c.started.Load())/1e9, 10))
	total := 0
	for _, ns := range c.namespaces {
		objects, _ := c.usage(ns)
		n, _ := strconv.Atoi(objects) // the number is ours
		total += n
	}
	c.stats.set("objects", strconv.Itoa(total))
	var b strings.Builder
	c.stats.append(&b)
	return b.String()
}

// parameters reads name=value;name=value.
func parameters(arg string) map[string]string {
	out := make(map[string]string)
	for pair := range strings.SplitSeq(arg, ";") {
		name, val, _ := strings.Cut(pair, "=")
		out[name] = val
	}
	if out["namespace"] == "" {
		out["namespace"] = out["id"] // how it was called before
	}
	return out
}

func (c *Cluster) infoConfig(arg string) string {
	var b strings.Builder
	p := parameters(arg)
	switch p["context"] {
	case "service":
		newSettings(serviceSettings() + ";cluster-name=" + c.cfg.Name + ";node-id=" + c.cfg.Node).append(&b)
	case "namespace":
		ns := c.namespace(p["namespace"])
		if ns == nil {
			return "ERROR:20:namespace not found"
		}
		ns.settings.append(&b)
	}
	return b.String()
}

// infoSetConfig changes the settings of a namespace, as Set does.
func (c *Cluster) infoSetConfig(arg string) string {
	p := parameters(arg)
	ns := c.namespace(p["namespace"])
	if p["context"] != "namespace" || ns == nil {
		return "ERROR:4:bad parameters"
	}
	for name, val := range p {
		switch name {
		case "context", "namespace", "id":
			continue
		}
		if !ns.settings.has(name) {
			return "ERROR:4:bad parameters"
		}
		ns.set(name, val)
	}
	return "ok"
}

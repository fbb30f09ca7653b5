package asdtest

import "time"

// run applies a request for one record, or what a fault makes of it, and says what
// the client is to hear.
func (c *Cluster) run(side int, req *request, batch bool) (*reply, Reply) {
	i := c.verdict(req, kindOf(req), batch)
	if i == nil {
		return c.apply(side, req, 0, 0), SendReply
	}
	f := &i.f
	if f.Code != OK {
		c.pause(f.Delay)
		return &reply{code: f.Code}, f.Reply
	}
	if f.Apply == ApplyLate || f.Apply == ApplyTwice {
		own := cloneRequest(req)
		i.hold(func() { c.apply(side, own, 0, 0) })
	}
	if f.Apply == ApplyNever || f.Apply == ApplyLate {
		c.pause(f.Delay)
		if f.Reply == SendReply {
			return nil, LoseReply
		}
		return nil, f.Reply
	}
	return c.apply(side, req, f.Delay, f.Stale), f.Reply
}

// kindOf says what a request for one record is.
func kindOf(req *request) Kind {
	switch {
	case req.info2&info2Delete != 0:
		return Delete
	case req.info2&info2Write == 0:
		if req.info1&info1NoBins != 0 {
			return Exists
		}
		for _, o := range req.list {
			if o.code != opRead {
				return Operate
			}
		}
		return Get
	}
	kind := Put
	for _, o := range req.list {
		if o.code == opTouch && len(req.list) == 1 {
			return Touch
		}
		if o.code != opWrite {
			kind = Operate
		}
	}
	return kind
}

// pause waits, unless the cluster is closed.
func (c *Cluster) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.done:
	}
}

// apply does what a request for one record asks.
func (c *Cluster) apply(side int, req *request, delay time.Duration, stale int) *reply {
	ns := c.namespace(req.namespace)
	switch {
	case ns == nil:
		return &reply{code: InvalidNamespace}
	case req.info3&info3SCRead != 0:
		return &reply{code: EnterpriseOnly}
	case req.unsupported:
		return &reply{code: Unsupported}
	}
	x := &exec{c: c, ns: ns, req: req, now: c.now(), lim: ns.limits.Load()}
	if req.info2&info2Write == 0 {
		c.pause(delay)
		c.state.RLock()
		defer c.state.RUnlock()
		if req.info1&info1Replicas != 0 {
			stale = 0
		}
		return x.read(ns.table(c, side), stale)
	}
	key := gateKey{ns, req.digest}
	if code := c.gates.enter(key, x.lim.pending, c.done); code != OK {
		ns.counts.keyBusy.Add(1)
		return &reply{code: code}
	}
	defer c.gates.leave(key, c.done)
	c.pause(delay)
	c.state.RLock()
	defer c.state.RUnlock()
	x.now = c.now()
	return x.write(ns.table(c, side))
}

// table returns the records of the side that a connection talks to. The caller
// holds c.state.
func (ns *namespace) table(c *Cluster, side int) *table {
	switch {
	case c.split == nil:
		side = 0
	case side < 0:
		side = int(c.split.serving.Load())
	}
	return ns.sides[side]
}

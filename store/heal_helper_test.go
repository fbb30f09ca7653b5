package store_test

import "github.com/dovetail-crdt/dovetail/store/replication"

// requestOf makes n ask p for a heal, since p has more than n and pushes do not
// bring it, and returns the request. Other messages are lost.
func requestOf(w *world, n, p *node) parcel {
	w.t.Helper()
	w.drop(anything)
	p.tick(101) // a hello
	w.deliver(w.take(of[*replication.Hello](from(p.id, n.id)))...)
	w.drop(anything)
	return request(n, w)
}

// request lets time pass at n until it sends a request, and returns that. Other
// messages are lost.
func request(n *node, w *world) parcel {
	w.t.Helper()
	for range 500 {
		n.tick(1)
		ps := w.take(of[*replication.Request](from(n.id, "")))
		w.drop(from(n.id, ""))
		if len(ps) > 0 {
			return ps[0]
		}
	}
	w.t.Fatalf("%s asks for no heal in 500 ticks; its vector is %v", n.id, n.core.Applied())
	return parcel{}
}

// serve delivers a request and returns the messages of the session that come at
// once, in order.
func serve(w *world, req parcel) []parcel {
	w.t.Helper()
	w.deliver(req)
	return w.take(of[*replication.Frames](from(req.to, req.from)))
}

// indexes returns which messages of a session these are.
func indexes(ps []parcel) (out []uint64) {
	for _, p := range ps {
		out = append(out, p.message.(*replication.Frames).Index)
	}
	return out
}

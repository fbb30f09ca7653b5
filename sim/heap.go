package sim

// event is something that happens at a time. Of events at one time the one that
// was planned first happens first.
type event struct {
	at  int64 // nanoseconds since the start
	seq uint64
	do  func()
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// agenda is a heap of events, four to a node: shallower than a binary one, and
// children share a cache line or two.
type agenda struct {
	events []event
	seq    uint64
}

// plan adds an event.
func (a *agenda) plan(at int64, do func()) {
	a.seq++
	a.events = append(a.events, event{at, a.seq, do})
	i := len(a.events) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !a.events[i].before(&a.events[up]) {
			break
		}
		a.events[i], a.events[up] = a.events[up], a.events[i]
		i = up
	}
}

// next takes the earliest event. There must be one.
func (a *agenda) next() event {
	first := a.events[0]
	last := len(a.events) - 1
	a.events[0] = a.events[last]
	a.events[last] = event{}
	a.events = a.events[:last]
	i := 0
	for {
		least := i
		for k := 4*i + 1; k <= 4*i+4 && k < last; k++ {
			if a.events[k].before(&a.events[least]) {
				least = k
			}
		}
		if least == i {
			return first
		}
		a.events[i], a.events[least] = a.events[least], a.events[i]
		i = least
	}
}

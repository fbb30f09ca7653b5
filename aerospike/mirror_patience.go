package aerospike

import "time"

// patience is how long a scan waits for a server that is silent. It may be looking
// through its index without finding anything to send; or the connection was cut
// without a word, by a firewall that forgot it or a machine that lost its power. Only
// time tells. So the first scan does not wait for long, and the next waits longer
// where that was too short: as long as scans of this size are known to take.
type patience struct {
	wait    time.Duration // 0: firstPatience
	longest time.Duration // request since the scan began
}

const (
	firstPatience = 5 * time.Second
	mostPatience  = 30 * time.Second
)

func (p *patience) get() time.Duration { return max(p.wait, firstPatience) }

// learn takes note of how long a request of a scan took.
func (p *patience) learn(took time.Duration, err error) {
	if err != nil {
		p.wait = min(2*p.get(), mostPatience)
		return
	}
	p.longest = max(p.longest, took)
}

// ended takes note that a scan came to its end: the next will take as long.
func (p *patience) ended() {
	p.wait, p.longest = min(2*p.longest, mostPatience), 0
}

package record

import "time"

// ScanTimeout is how long a scan waits for a server that is silent. The server may be
// looking through its index without finding anything to send; or the connection was cut
// without a word, by a firewall that forgot it or a machine that lost its power. Only
// time tells. So the first scan does not wait for long, and the next waits longer
// where that was too short: as long as scans of this size are known to take. The zero
// value is ready for use.
type ScanTimeout struct {
	wait    time.Duration // 0: firstScanTimeout
	longest time.Duration // request since the scan began
}

const (
	firstScanTimeout = 5 * time.Second
	maxScanTimeout   = 30 * time.Second
)

func (t *ScanTimeout) get() time.Duration { return max(t.wait, firstScanTimeout) }

// learn takes note of how long a request of a scan took.
func (t *ScanTimeout) learn(took time.Duration, err error) {
	if err != nil {
		t.wait = min(2*t.get(), maxScanTimeout)
		return
	}
	t.longest = max(t.longest, took)
}

// Ended takes note that a scan came to its end: the next will take as long.
func (t *ScanTimeout) Ended() {
	t.wait, t.longest = min(2*t.longest, maxScanTimeout), 0
}

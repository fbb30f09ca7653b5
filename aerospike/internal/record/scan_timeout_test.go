package record

import (
	"errors"
	"testing"
	"time"
)

// TestScanTimeout has scans that wait longer each time that it was too short, as long as
// they are known to take once one came to its end, and no longer when that is over.
func TestScanTimeout(t *testing.T) {
	var p ScanTimeout
	want := func(d time.Duration) {
		t.Helper()
		if got := p.get(); got != d {
			t.Errorf("timeout of %v, want %v", got, d)
		}
	}
	want(firstScanTimeout)
	silent := errors.New("silent")
	for _, d := range []time.Duration{10 * time.Second, 20 * time.Second, maxScanTimeout, maxScanTimeout} {
		p.learn(p.get(), silent)
		want(d)
	}
	p = ScanTimeout{wait: 20 * time.Second}
	p.learn(9*time.Second, nil)
	p.learn(time.Second, nil) // the page that was left over
	want(20 * time.Second)
	p.Ended()
	want(18 * time.Second)
	p.learn(time.Second, nil)
	p.Ended()
	want(firstScanTimeout)
}

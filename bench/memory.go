package bench

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// ErrMemory is matched by the error of a case that would need more memory than
// is available.
var ErrMemory = errors.New("not enough memory")

// probe is the size of the set that room weighs.
const probe = 1e5

// room tells whether two sets of n elements fit, by the weight of a small one.
func (s *stock[E]) room(b *B, n int) error {
	free, ok := s.free()
	if !ok {
		return nil
	}
	if s.cost == 0 {
		ring := newRing(s.keys, probe)
		before := held()
		set, err := build(&B{B: b.B}, ring)
		if err != nil {
			return err
		}
		s.cost = float64(held()-before) / probe
		runtime.KeepAlive(set)
		runtime.KeepAlive(ring)
	}
	// Twice, for what the garbage collector lets lie. A plain map takes 80 bytes.
	if need := 2 * float64(n) * (2*max(s.cost, 80) + float64(s.keys.size)); need > float64(free) {
		return fmt.Errorf("%w: sets of %.0f bytes an element, or a plain map, need about %s, and %s are available",
			ErrMemory, s.cost, gigabytes(need), gigabytes(float64(free)))
	}
	return nil
}

func gigabytes(n float64) string { return strconv.FormatFloat(n/1e9, 'f', 1, 64) + " GB" }

// held returns the bytes on the heap that are in use.
func held() int64 {
	runtime.GC()
	runtime.GC() // what a pool held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// available returns how many bytes this process may still take, as far as Linux,
// its control group and GOMEMLIMIT tell.
func available() (n uint64, ok bool) {
	n = math.MaxUint64
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "MemAvailable:" {
				if kB, err := strconv.ParseUint(f[1], 10, 64); err == nil {
					n = kB << 10
				}
			}
		}
	}
	if most, err := number("/sys/fs/cgroup/memory.max"); err == nil {
		if now, err := number("/sys/fs/cgroup/memory.current"); err == nil {
			n = min(n, most-min(most, now))
		}
	}
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		n = min(n, uint64(max(limit-held(), 0)))
	}
	return n, n != math.MaxUint64
}

func number(file string) (uint64, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(bytes.TrimSpace(b)), 10, 64)
}

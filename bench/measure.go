package bench

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"
)

// Result is what one run of a case measured.
type Result struct {
	Case     Case
	NsOp     float64 // rounded to hundredths
	AllocsOp int64
	BytesOp  int64
	MapNsOp  float64            // of the baseline; 0 if it has none or did not run
	Extra    map[string]float64 // what else it measured, by unit
}

// Measure runs a case as testing.Benchmark does, for as long as the flag
// test.benchtime says, then its baseline. It calls more between the two, and
// skips the baseline if that says no.
func Measure(c Case, more func() bool) (Result, error) {
	res, err := measure(c.Run)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", c.Key(), err)
	}
	out := Result{
		Case: c, NsOp: nsOp(res),
		AllocsOp: res.AllocsPerOp(), BytesOp: res.AllocedBytesPerOp(), Extra: res.Extra,
	}
	if c.Baseline == nil || !more() {
		return out, nil
	}
	if res, err = measure(c.Baseline); err != nil {
		return out, fmt.Errorf("%s: baseline: %w", c.Key(), err)
	}
	out.MapNsOp = nsOp(res)
	return out, nil
}

func measure(run func(*testing.B) error) (testing.BenchmarkResult, error) {
	err := errors.New("ended before it returned")
	res := testing.Benchmark(func(b *testing.B) {
		if err = run(b); err != nil {
			b.FailNow()
		}
	})
	if err == nil && res.N == 0 {
		err = errors.New("measured nothing")
	}
	return res, err
}

func nsOp(r testing.BenchmarkResult) float64 {
	return math.Round(float64(r.T)/float64(time.Nanosecond)/float64(r.N)*100) / 100
}

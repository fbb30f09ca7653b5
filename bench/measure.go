package bench

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"
)

// B is a benchmark that runs.
type B struct {
	*testing.B
	// Tick, if not nil, is called now and then outside the measured time: with how
	// much of a large state is built, or with a total of 0. An error ends the
	// benchmark, which returns it.
	Tick func(done, total int) error

	per int // operations an iteration, if not 1: what allocations are divided by
}

func (b *B) tick(done, total int) error {
	if b.Tick == nil {
		return nil
	}
	return b.Tick(done, total)
}

// Result is what one run of a case measured.
type Result struct {
	Case     Case
	NsOp     float64 // rounded to hundredths, as are the others
	AllocsOp int64
	BytesOp  float64
	MapNsOp  float64            // of the baseline; 0 if it has none or did not run
	Extra    map[string]float64 // what else it measured, by unit
}

// Measure runs a case as testing.Benchmark does, for as long as the flag
// test.benchtime says, then its baseline. Tick is that of B and may be nil; it is
// also called between the two, and its error there only skips the baseline. A
// case that this machine has not the memory for fails with ErrMemory.
func Measure(c Case, tick func(done, total int) error) (Result, error) {
	res, per, err := measure(c.Run, tick)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", c.Key(), err)
	}
	out := Result{
		Case: c, NsOp: nsOp(res),
		AllocsOp: res.AllocsPerOp() / int64(per), BytesOp: bytesOp(res, per), Extra: res.Extra,
	}
	delete(out.Extra, unitTime)
	delete(out.Extra, unitBytes)
	if ended := tick != nil && tick(0, 0) != nil; ended || c.Baseline == nil {
		return out, nil
	}
	if res, _, err = measure(c.Baseline, tick); err != nil {
		return out, fmt.Errorf("%s: baseline: %w", c.Key(), err)
	}
	out.MapNsOp = nsOp(res)
	return out, nil
}

func measure(run func(*B) error, tick func(done, total int) error) (res testing.BenchmarkResult, per int, err error) {
	err = errors.New("ended before it returned")
	res = testing.Benchmark(func(tb *testing.B) {
		b := &B{B: tb, Tick: tick, per: 1}
		if err = run(b); err != nil {
			b.FailNow()
		}
		per = b.per
	})
	if err == nil && res.N == 0 {
		err = errors.New("measured nothing")
	}
	return res, per, err
}

// Units in which a case may report what package testing would report otherwise.
const (
	unitTime  = "ns/op"
	unitBytes = "B/op"
)

func nsOp(r testing.BenchmarkResult) float64 {
	if ns, ok := r.Extra[unitTime]; ok {
		return hundredths(ns)
	}
	return hundredths(float64(r.T) / float64(time.Nanosecond) / float64(r.N))
}

func bytesOp(r testing.BenchmarkResult, per int) float64 {
	if bytes, ok := r.Extra[unitBytes]; ok {
		return hundredths(bytes)
	}
	return float64(r.AllocedBytesPerOp() / int64(per))
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// perElement makes an element the operation that time is reported of, where an
// iteration worked on n. Call it after the loop.
func perElement(b *B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), unitTime)
}

// Package system is what the packages above it ask of the machine: random numbers,
// timers, and locks that heed a context.
package system

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"time"
)

// Random returns a random number of 64 bits. It comes from the operating system, so
// that no two processes get the same.
func Random() uint64 {
	var b [8]byte
	if _, err := crand.Read(b[:]); err != nil {
		panic(fmt.Sprintf("aerospike: no random numbers: %v", err)) // documented not to happen
	}
	return binary.BigEndian.Uint64(b[:])
}

// Pause waits for between a half of d and d, so that what failed together does not
// come back together. It returns the error of a context that ended.
func Pause(ctx context.Context, d time.Duration) error {
	return Sleep(ctx, Spread(d))
}

// Spread returns a time between a half of d and d, at random.
func Spread(d time.Duration) time.Duration {
	if half := uint64(d / 2); half > 0 {
		d = time.Duration(half + Random()%half)
	}
	return d
}

// Sleep waits for d, or until ctx ends, whose error it returns then.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

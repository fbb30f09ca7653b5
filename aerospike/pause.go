package aerospike

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"time"
)

// draw returns a random number, which nobody else draws.
func draw() uint64 {
	var b [8]byte
	if _, err := crand.Read(b[:]); err != nil {
		panic(fmt.Sprintf("aerospike: no random numbers: %v", err)) // documented not to happen
	}
	return binary.BigEndian.Uint64(b[:])
}

// pause waits for between a half of d and d, so that what failed together does not
// come back together.
func pause(ctx context.Context, d time.Duration) error {
	if half := uint64(d / 2); half > 0 {
		d = time.Duration(half + draw()%half)
	}
	return sleep(ctx, d)
}

// sleep waits for d, or until ctx ends, whose error it returns then.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package diskjournal_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/dovetail-crdt/dovetail/aerospike/diskjournal"
)

// TestDiskFails fails each operation on the log in turn. Writes that returned are
// there, the process lives, and nothing is proven by a journal that failed.
func TestDiskFails(t *testing.T) {
	const writes = 20
	failed := 0
	for n := range int32(2 * writes) {
		dir, o := places(t)
		j := open(t, dir, o)
		write(t, j, "a=1")
		shut(t, j)

		var left atomic.Int32
		left.Store(n)
		var armed atomic.Bool
		o.Sync = n%2 == 0
		j, err := diskjournal.Open(dir, o.Over(errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
			write := op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileSyncData
			if armed.Load() && write && strings.HasSuffix(op.Path, ".log") && left.Add(-1) < 0 {
				return errorfs.ErrInjected
			}
			return nil
		}))))
		if err != nil {
			t.Fatal(err)
		}
		armed.Store(true)
		written, err := 0, error(nil)
		for ; written < writes && err == nil; written++ {
			err = j.Write(rowsOf(fmt.Sprintf("r%d=1", written)))
		}
		armed.Store(false)
		if err == nil {
			shut(t, j)
			j = open(t, dir, o)
			if got := all(t, j); j.Proven() != nil || len(got) != writes+1 {
				t.Errorf("n=%d: proven: %v, rows %v", n, j.Proven(), got)
			}
			continue
		}
		failed++
		if err := j.Write(rowsOf("z=1")); !errors.Is(err, diskjournal.ErrBroken) {
			t.Errorf("n=%d: a write after one that failed: %v", n, err)
		}
		if err := j.Close(); !errors.Is(err, diskjournal.ErrBroken) {
			t.Errorf("n=%d: Close: %v", n, err)
		}
		// Its files are locked until the process ends; as the next process finds them:
		j = open(t, copied(t, dir), o)
		got := all(t, j)
		for i := range written - 1 {
			if got[fmt.Sprintf("r%d", i)] != "1" {
				t.Errorf("n=%d: row %d of %d is lost", n, i, written-1)
			}
		}
		if j.Proven() == nil {
			t.Errorf("n=%d: proven after a write that failed", n)
		}
	}
	if failed < writes {
		t.Errorf("%d of %d failed", failed, 2*writes)
	}
}

// TestDiskFull writes on a disk that fills up, and is emptied.
func TestDiskFull(t *testing.T) {
	dir, o := places(t)
	o.Reserve = 1000
	d := &smallDisk{FS: vfs.Default}
	d.room.Store(1000)
	j := open(t, dir, o.Over(d))
	write(t, j, "a=1")
	d.room.Store(999)
	if err := j.Write(rowsOf("b=2")); !errors.Is(err, diskjournal.ErrFull) {
		t.Errorf("on a full disk: %v", err)
	}
	d.room.Store(5000)
	write(t, j, "c=3")
	shut(t, j)
	j = open(t, dir, o)
	if got, want := all(t, j), map[string]string{"a": "1", "c": "3"}; !maps.Equal(got, want) {
		t.Errorf("rows: %s", cmp.Diff(want, got))
	}
	if j.Proven() == nil {
		t.Error("proven after a write that failed")
	}
}

type smallDisk struct {
	vfs.FS
	room atomic.Uint64
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.room.Load()}, nil
}

package diskjournal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/diskjournal"
)

// places are a directory for a journal and one for its proof, and options for both
// on a machine that runs for the first time.
func places(t *testing.T) (dir string, o diskjournal.Options) {
	t.Helper()
	return filepath.Join(t.TempDir(), "journal"), diskjournal.Options{Proof: t.TempDir()}.On(1)
}

func open(t *testing.T, dir string, o diskjournal.Options) *diskjournal.Journal {
	t.Helper()
	j, err := diskjournal.Open(dir, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil && !errors.Is(err, diskjournal.ErrBroken) {
			t.Errorf("Close: %v", err)
		}
	})
	return j
}

func shut(t *testing.T, j *diskjournal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func write(t *testing.T, j *diskjournal.Journal, rows ...string) {
	t.Helper()
	if err := j.Write(rowsOf(rows...)); err != nil {
		t.Fatalf("Write: %v", err)
	}
}

// rowsOf returns rows written "key=value", or "key" to delete.
func rowsOf(rows ...string) (out []aerospike.JournalRow) {
	for _, r := range rows {
		key, value, ok := strings.Cut(r, "=")
		row := aerospike.JournalRow{Key: []byte(key)}
		if ok {
			row.Value = []byte(value)
		}
		out = append(out, row)
	}
	return out
}

func all(t *testing.T, j *diskjournal.Journal) map[string]string {
	t.Helper()
	m := make(map[string]string)
	for r, err := range j.Load() {
		if err != nil {
			t.Fatalf("Load: %v", err)
		}
		m[string(r.Key)] = string(r.Value)
	}
	return m
}

// TestRows writes and deletes rows, and finds them after each opening.
func TestRows(t *testing.T) {
	for _, sync := range []bool{false, true} {
		t.Run(fmt.Sprint("sync=", sync), func(t *testing.T) {
			dir, o := places(t)
			o.Sync = sync
			j := open(t, dir, o)
			write(t, j, "a=1", "b=2", "c=", "")
			write(t, j, "b", "d=4", "d", "e=1", "e=5")
			shut(t, j)
			if err := j.Write(nil); !errors.Is(err, diskjournal.ErrClosed) {
				t.Errorf("Write after Close: %v", err)
			}
			j = open(t, dir, o)
			want := map[string]string{"a": "1", "c": "", "e": "5"}
			if got := all(t, j); !maps.Equal(got, want) {
				t.Errorf("rows: %s", cmp.Diff(want, got))
			}
			for _, err := range j.Load() {
				if !errors.Is(err, diskjournal.ErrTaken) {
					t.Errorf("a second Load: %v", err)
				}
			}
		})
	}
}

// TestOneProcess opens a journal that is open.
func TestOneProcess(t *testing.T) {
	dir, o := places(t)
	open(t, dir, o)
	if j, err := diskjournal.Open(dir, o); err == nil {
		t.Errorf("opened twice: %v", j.Close())
	}
}

// copied returns a copy of a journal, which may be open, so that Pebble takes files
// away meanwhile.
func copied(t *testing.T, dir string) string {
	t.Helper()
	for {
		to := filepath.Join(t.TempDir(), "copy")
		err := os.CopyFS(to, os.DirFS(dir))
		if err == nil {
			return to
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// TestProven opens files that were left here, in every way that they may have been
// brought.
func TestProven(t *testing.T) {
	type world struct {
		*testing.T

		dir string
		o   diskjournal.Options
	}
	for _, tt := range []struct {
		name   string
		bring  func(w world) world // after a journal was written and closed
		reason string              // "" if it is proven
	}{
		{"left here", func(w world) world { return w }, ""},
		{"moved", func(w world) world {
			to := w.dir + "-moved"
			if err := os.Rename(w.dir, to); err != nil {
				w.Fatal(err)
			}
			return world{w.T, to, w.o}
		}, ""},
		{"another boot", func(w world) world { return world{w.T, w.dir, w.o.On(2)} }, "started again"},
		{"another machine", func(w world) world {
			o := w.o
			o.Proof = w.TempDir()
			return world{w.T, copied(w.T, w.dir), o}
		}, "not left by this run of the machine"},
		{"a backup put back", func(w world) world {
			backup := copied(w.T, w.dir)
			j := open(w.T, w.dir, w.o)
			write(w.T, j, "b=2")
			shut(w.T, j)
			return world{w.T, backup, w.o}
		}, "older than those that were left"},
		{"a copy of what is open", func(w world) world {
			to := copied(w.T, w.dir)
			open(w.T, w.dir, w.o)
			return world{w.T, to, w.o}
		}, "are a copy"},
		{"a copy that was open", func(w world) world {
			j := open(w.T, copied(w.T, w.dir), w.o)
			write(w.T, j, "b=2")
			shut(w.T, j)
			return w
		}, "older than those that were left"},
		{"a proof that is cut short", func(w world) world {
			proofs, err := filepath.Glob(filepath.Join(w.o.Proof, "dovetail-*"))
			if err != nil || len(proofs) != 1 {
				w.Fatalf("proofs %q, %v", proofs, err)
			}
			if err := os.Truncate(proofs[0], 20); err != nil {
				w.Fatal(err)
			}
			return w
		}, "EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, o := places(t)
			j := open(t, dir, o)
			if err := j.Proven(); err == nil || !strings.Contains(err.Error(), "is new") {
				t.Fatalf("a new journal: %v", err)
			}
			write(t, j, "a=1")
			shut(t, j)
			w := tt.bring(world{t, dir, o})
			j = open(t, w.dir, w.o)
			err := j.Proven()
			if got := fmt.Sprint(err); tt.reason == "" && err != nil || tt.reason != "" && !strings.Contains(got, tt.reason) {
				t.Fatalf("%v, want %q", err, tt.reason)
			}
			if got := all(t, j); got["a"] != "1" {
				t.Errorf("rows: %v", got)
			}
			write(t, j, "c=3")
			shut(t, j)
			// Whatever it was, now it was left here.
			if err := open(t, w.dir, w.o).Proven(); err != nil {
				t.Errorf("the next opening: %v", err)
			}
		})
	}
}

// TestProofOnDisk names a directory that is not in memory: it proves nothing.
func TestProofOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	o := diskjournal.Options{Proof: "/proc"}
	for range 3 {
		j := open(t, dir, o)
		if err := j.Proven(); err == nil {
			t.Fatal("proven by a file that is not in memory")
		}
		write(t, j, "a=1")
		shut(t, j)
	}
}

package diskjournal_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/diskjournal"
)

// The environment that makes this test binary a process that writes until it is
// killed.
const (
	writerDir   = "DISKJOURNAL_TEST_WRITER"
	writerProof = "DISKJOURNAL_TEST_PROOF"
	// The server of a process that updates an object.
	writerServer = "DISKJOURNAL_TEST_SERVER"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		life := writeOn
		if os.Getenv(writerServer) != "" {
			life = updateOn
		}
		if err := life(dir, os.Getenv(writerProof)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeOn goes on to write rows with numbers, and tells each that is written.
func writeOn(dir, proof string) error {
	j, err := diskjournal.Open(dir, diskjournal.Options{Proof: proof})
	if err != nil {
		return err
	}
	n := 0
	for _, err := range j.Load() {
		if err != nil {
			return err
		}
		n++
	}
	fmt.Println("proven", j.Proven() == nil)
	for ; ; n++ {
		if err := j.Write(rowsOf(fmt.Sprintf("%08d=1", n))); err != nil {
			return err
		}
		fmt.Println("wrote", n)
	}
}

// TestKill kills a process that writes, again and again. The next one has a proof, by
// this machine's own memory, and every row that was written.
func TestKill(t *testing.T) {
	o := diskjournal.Options{Proof: memoryDir(t)}
	dir := filepath.Join(t.TempDir(), "journal")
	last := -1
	for life := range 10 {
		live(t, dir, o.Proof, "", func(what, arg string) (kill bool) {
			if what == "proven" {
				if want := strconv.FormatBool(life > 0); arg != want {
					t.Errorf("life %d: proven %s, want %s", life, arg, want)
				}
				return false
			}
			n, err := strconv.Atoi(arg)
			if err != nil || n <= last {
				t.Fatalf("life %d wrote %q after %d", life, arg, last)
			}
			last = n
			return n >= 50*life
		})
	}
	j := open(t, dir, o)
	if err := j.Proven(); err != nil {
		t.Errorf("at the end: %v", err)
	}
	if got := len(all(t, j)); got < last+1 || got > last+2 {
		t.Errorf("%d rows, and %d were written", got, last+1)
	}
}

// live runs one life of a process until heard, which gets what it says, has it killed.
// What it says after that is heard too.
func live(t *testing.T, dir, proof, server string, heard func(what, arg string) (kill bool)) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir, writerProof+"="+proof, writerServer+"="+server)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		var what, arg string
		if _, err := fmt.Sscan(s.Text(), &what, &arg); err != nil {
			t.Fatalf("it said %q: %v", s.Text(), err)
		}
		if heard(what, arg) {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("it was not killed: %v", err)
	}
}

// memoryDir returns a directory in memory.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "diskjournal-test-") //nolint:usetesting // that is on a disk
	if err != nil {
		t.Skipf("no directory in memory: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

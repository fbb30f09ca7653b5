package diskjournal

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"syscall"
)

const noFollow = syscall.O_NOFOLLOW

// thisHost is the machine that this process runs on.
type thisHost struct{}

// boot implements host.
func (thisHost) boot() (n id, err error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id{}, err
	}
	digits := strings.ReplaceAll(strings.TrimSpace(string(b)), "-", "")
	if k, err := hex.Decode(n[:], []byte(digits)); err != nil || k != len(n) {
		return id{}, fmt.Errorf("boot id %q", b)
	}
	return n, nil
}

// Types of file systems in memory, as statfs(2) has them.
const (
	tmpfs = 0x01021994
	ramfs = 0x858458f6
)

// lasting implements host.
func (thisHost) lasting(dir string) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("proof in %s: %w", dir, err)
	}
	// The type of the field differs between machines.
	if t := uint32(st.Type); t != tmpfs && t != ramfs {
		return fmt.Errorf("proof in %s: not in memory but on a file system of type %#x, which backups have too", dir, t)
	}
	return nil
}

// lock implements host.
func (thisHost) lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

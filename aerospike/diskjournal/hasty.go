package diskjournal

import "github.com/cockroachdb/pebble/v2/vfs"

// hasty is a file system on which the log is durable when the operating system has
// it: a commit writes, and does not wait for the disk. (Pebble's own commit without
// sync leaves the log in the memory of the process, and loses it with that.) All
// else waits, and so does a log when it is closed, so that after a power cut only the
// end of the last one is missing.
type hasty struct{ vfs.FS }

// logs is Pebble's name for what it writes its log under.
const logs = "pebble-wal"

// Create implements vfs.FS.
func (h hasty) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.Create(name, category)
	return hurry(f, category), err
}

// ReuseForWrite implements vfs.FS.
func (h hasty) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.ReuseForWrite(from, to, category)
	return hurry(f, category), err
}

// Unwrap implements vfs.FS.
func (h hasty) Unwrap() vfs.FS { return h.FS }

func hurry(f vfs.File, category vfs.DiskWriteCategory) vfs.File {
	if f == nil || category != logs {
		return f
	}
	return hastyFile{f}
}

type hastyFile struct{ vfs.File }

// Sync implements vfs.File.
func (hastyFile) Sync() error { return nil }

// SyncData implements vfs.File.
func (hastyFile) SyncData() error { return nil }

// SyncTo implements vfs.File.
func (hastyFile) SyncTo(int64) (bool, error) { return false, nil }

// Close implements vfs.File.
func (f hastyFile) Close() error {
	err := f.File.SyncData()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}

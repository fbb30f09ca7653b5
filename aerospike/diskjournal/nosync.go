package diskjournal

import "github.com/cockroachdb/pebble/v2/vfs"

// noSyncFS is a file system on which a sync of the log returns at once. A commit thus
// hands the log to the operating system and does not wait for the disk. (A commit of
// Pebble's own without sync leaves the log in the memory of the process, which loses it
// when it ends.) Other files are synced as always, and a log is synced when it is closed.
// So a power cut loses the end of the last log and nothing else.
type noSyncFS struct{ vfs.FS }

// logCategory is the category under which Pebble writes its log.
const logCategory = "pebble-wal"

// Create implements vfs.FS.
func (fs noSyncFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, category)
	return noSync(f, category), err
}

// ReuseForWrite implements vfs.FS.
func (fs noSyncFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.ReuseForWrite(from, to, category)
	return noSync(f, category), err
}

// Unwrap implements vfs.FS.
func (fs noSyncFS) Unwrap() vfs.FS { return fs.FS }

// noSync returns f without its syncs if it is a log, and other files as they are.
func noSync(f vfs.File, category vfs.DiskWriteCategory) vfs.File {
	if f == nil || category != logCategory {
		return f
	}
	return noSyncFile{f}
}

// noSyncFile is a file that is synced only when it is closed.
type noSyncFile struct{ vfs.File }

// Sync implements vfs.File.
func (noSyncFile) Sync() error { return nil }

// SyncData implements vfs.File.
func (noSyncFile) SyncData() error { return nil }

// SyncTo implements vfs.File.
func (noSyncFile) SyncTo(int64) (bool, error) { return false, nil }

// Close implements vfs.File.
func (f noSyncFile) Close() error {
	err := f.File.SyncData()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}

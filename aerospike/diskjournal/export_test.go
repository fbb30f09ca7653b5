package diskjournal

import (
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// On returns options that take the machine to be one that was started for the nth
// time.
func (o Options) On(nth byte) Options {
	o.host = machine{nth}
	return o
}

// Over returns options for another file system.
func (o Options) Over(fs vfs.FS) Options {
	o.fs = fs
	return o
}

// machine is a host whose every directory is in memory.
type machine struct{ nth byte }

func (m machine) boot() (id, error)   { return id{m.nth}, nil }
func (machine) lasting(string) error  { return nil }
func (machine) lock(f *os.File) error { return thisHost{}.lock(f) }

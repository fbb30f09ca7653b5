//go:build !linux

package diskjournal

import (
	"errors"
	"os"
	"runtime"
)

const noFollow = 0

// thisHost proves nothing: how to is known only of Linux.
type thisHost struct{}

var errSystem = errors.New("no proof of whose files these are on " + runtime.GOOS)

func (thisHost) boot() (id, error)     { return id{}, errSystem }
func (thisHost) lasting(string) error  { return errSystem }
func (thisHost) lock(f *os.File) error { return errSystem }

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// output is a file that is there whole, or not at all: it is written beside its
// place and moved there at the end. That it can be is known before the run.
type output struct {
	path string
	tmp  *os.File
}

// outputs are the files of a run.
type outputs []*output

// open prepares a file. An empty path is none.
func (o *outputs) open(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return usagef("cannot write %s: not a file", path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return usagef("cannot write %s: %v", path, err)
	}
	*o = append(*o, &output{path, tmp})
	return nil
}

// discard removes what was not committed.
func (o *outputs) discard() {
	for _, f := range *o {
		f.tmp.Close()           //nolint:errcheck,gosec // it is going away
		os.Remove(f.tmp.Name()) //nolint:errcheck,gosec // so is its name
	}
	*o = nil
}

// commit fills the file of that path, if it was opened, and puts it in place.
func (o *outputs) commit(path string, fill func(io.Writer) error) error {
	for i, f := range *o {
		if f.path != path {
			continue
		}
		err := fill(f.tmp)
		if err == nil {
			err = f.tmp.Chmod(0o644)
		}
		if cerr := f.tmp.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = os.Rename(f.tmp.Name(), path)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		*o = append((*o)[:i], (*o)[i+1:]...)
		return nil
	}
	return nil
}

// asJSON writes v, indented, with a newline at the end.
func asJSON(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		return enc.Encode(v)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/dovetail-crdt/dovetail/bench"
)

// outputs is the files that were asked for, nil where none was. They are opened
// before the run, so that it is not in vain, and keep what they hold until there
// is something to put in its place.
type outputs struct{ json, plot, cpu, mem *os.File }

func openOutputs(o *options) (outputs, error) {
	var out outputs
	for _, f := range []struct {
		flag, path string
		file       **os.File
	}{{"-json", o.json, &out.json}, {"-plot", o.plot, &out.plot}, {"-cpuprofile", o.cpuprofile, &out.cpu}, {"-memprofile", o.memprofile, &out.mem}} {
		if f.path == "" {
			continue
		}
		file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			return out, errors.Join(fmt.Errorf("%s: %w", f.flag, err), out.close())
		}
		*f.file = file
	}
	if out.cpu != nil {
		if err := errors.Join(truncate(out.cpu), pprof.StartCPUProfile(out.cpu)); err != nil {
			return out, errors.Join(fmt.Errorf("-cpuprofile: %w", err), out.close())
		}
	}
	return out, nil
}

// finish writes the results and the profiles.
func (o outputs) finish(results []bench.Result) error {
	var errs []error
	if o.cpu != nil {
		pprof.StopCPUProfile()
	}
	if o.mem != nil {
		runtime.GC() // the profile is as of the last collection
		errs = append(errs, truncate(o.mem), pprof.Lookup("allocs").WriteTo(o.mem, 0))
	}
	if o.json != nil {
		errs = append(errs, put(o.json, func() ([]byte, error) { return appendJSON(nil, results) }))
	}
	if o.plot != nil {
		errs = append(errs, put(o.plot, func() ([]byte, error) { return plot(results) }))
	}
	return errors.Join(append(errs, o.close())...)
}

// put replaces what a file holds, unless making what is to be there fails.
func put(f *os.File, content func() ([]byte, error)) error {
	b, err := content()
	if err == nil {
		err = truncate(f)
	}
	if err == nil {
		_, err = f.Write(b)
	}
	return err
}

func (o outputs) close() error {
	var errs []error
	for _, f := range []*os.File{o.json, o.plot, o.cpu, o.mem} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// truncate empties a file; a pipe or a device has nothing to empty.
func truncate(f *os.File) error {
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return err
	}
	return f.Truncate(0)
}

// record is a result as JSON. Scripts read it: keys are not renamed.
type record struct {
	Name     string  `json:"name"`
	N        int     `json:"n"`
	NsOp     float64 `json:"ns_op"`
	AllocsOp int64   `json:"allocs_op"`
	BytesOp  float64 `json:"b_op"`
}

// appendJSON appends an array with one record a line.
func appendJSON(b []byte, results []bench.Result) ([]byte, error) {
	lines := make([][]byte, len(results))
	for i, r := range results {
		line, err := json.Marshal(record{r.Case.Name, r.Case.N, r.NsOp, r.AllocsOp, r.BytesOp})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Case.Key(), err)
		}
		lines[i] = line
	}
	if len(lines) == 0 {
		return append(b, "[]\n"...), nil
	}
	b = append(b, "[\n"...)
	b = append(b, bytes.Join(lines, []byte(",\n"))...)
	return append(b, "\n]\n"...), nil
}

package asbench

import (
	"context"
	"errors"
	"os"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/diskjournal"
	"github.com/dovetail-crdt/dovetail/bench"
)

// journaled is an engine with a journal on the disk of the temporary directory.
type journaled struct {
	dir, proof string
	journal    *diskjournal.Journal
	engine     *aerospike.Engine
}

// journalCases measure what a journal on disk costs: updates with one, against the
// same without.
func journalCases(s *session, n int) []bench.Case {
	return []bench.Case{{
		Name: "as/update-journal-16", N: n, Run: func(b *bench.B) error {
			e, err := s.journaled()
			if err != nil {
				return err
			}
			return s.updateBy(e, "journaled", n, 16)(b)
		},
		Baseline: s.update(n, 16),
	}}
}

// journaled returns the engine with a journal, which is opened at the first call.
func (s *session) journaled() (*aerospike.Engine, error) {
	if s.disk != nil {
		return s.disk.engine, nil
	}
	d, err := openJournaled(s)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	s.disk = d
	return d.engine, nil
}

func openJournaled(s *session) (d *journaled, err error) {
	d = &journaled{}
	if d.dir, err = os.MkdirTemp("", "crdtbench-journal-"); err != nil {
		return d, err
	}
	if d.proof, err = os.MkdirTemp("/dev/shm", "crdtbench-journal-"); err != nil {
		d.proof = d.dir // then it costs nothing, and proves nothing
	}
	if d.journal, err = diskjournal.Open(d.dir, diskjournal.Options{Proof: d.proof}); err != nil {
		return d, err
	}
	cfg := config(1 << 20)
	cfg.Journal = d.journal
	d.engine, err = aerospike.Open(context.Background(), s.client, cfg)
	return d, err
}

func (d *journaled) close() error {
	if d == nil {
		return nil
	}
	var errs []error
	if d.engine != nil {
		errs = append(errs, d.engine.Close())
	}
	if d.journal != nil {
		errs = append(errs, d.journal.Close())
	}
	for _, dir := range []string{d.dir, d.proof} {
		if dir != "" {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}

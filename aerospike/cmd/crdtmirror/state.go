package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// readState returns the checkpoint in a file, nil if there is none.
func readState(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// saveState replaces the checkpoint in a file. Whenever it is interrupted, either
// the old one is there or the new one. It need not be durable: one that is lost
// costs a scan of everything.
func saveState(m *mirror.Mirror, file string) (err error) {
	if file == "" {
		return nil
	}
	b, err := m.Checkpoint()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("save the state: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("save the state: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// saveStates saves the checkpoint now and then, until the context ends.
func saveStates(ctx context.Context, m *mirror.Mirror, file string, log *slog.Logger) {
	t := time.NewTicker(saveEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := saveState(m, file); err != nil {
				log.Warn("state not saved", slog.Any("error", err))
			}
		case <-ctx.Done():
			return
		}
	}
}

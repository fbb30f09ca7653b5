package aerospike

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/audit"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// ErrUnsafe is matched by the *UnsafeError of an Open.
var ErrUnsafe = errors.New("aerospike: the cluster's settings lose data")

// UnsafeError is the error of an Open on a cluster whose settings lose what was
// acknowledged although nothing fails. Config.Accept lists settings that are to be
// lived with.
type UnsafeError struct{ Findings []audit.Finding }

// Error implements error.
func (e *UnsafeError) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = f.String()
	}
	return ErrUnsafe.Error() + " (Config.Accept names those to be lived with): " + strings.Join(lines, "; ")
}

// Is matches ErrUnsafe.
func (e *UnsafeError) Is(target error) bool { return target == ErrUnsafe }

// facts are what the audit must know of this engine.
func (c Config) facts() audit.Facts {
	f := audit.Facts{
		Namespace: c.Namespace, Set: setOf(c.Set, c.DC), Datacenter: c.DC, Clusters: max(1, len(c.DCs)),
		Journal: true, RecordSize: c.RecordSize, Started: c.Now(),
	}
	if c.DC != "" {
		f.Layout = audit.PerDatacenter
	}
	return f
}

// audit asks for the settings that lose data, and fails on those that do so
// although nothing else does, unless they are accepted.
func (e *Engine) audit(ctx context.Context) ([]audit.Finding, error) {
	found, err := audit.Cluster(ctx, e.client, e.facts)
	if err != nil {
		return found, err
	}
	var fatal []audit.Finding
	for _, f := range found {
		if f.Level == audit.Fatal && !slices.Contains(e.cfg.Accept, f.Setting) {
			fatal = append(fatal, f)
		}
	}
	if len(fatal) > 0 {
		return found, &UnsafeError{fatal}
	}
	return found, nil
}

// report logs findings at their level.
func (e *Engine) report(found []audit.Finding) {
	levels := map[audit.Level]slog.Level{audit.Info: slog.LevelInfo, audit.Warn: slog.LevelWarn, audit.Fatal: slog.LevelError}
	for _, f := range found {
		e.cfg.Logger.Log(e.ctx, levels[f.Level], "aerospike: setting", slog.String("finding", f.String()))
	}
}

// guard audits again and again, since settings change at any time, and says what is
// new. A cluster that has become unsafe is not left alone with what it would lose:
// the engine goes on, and says so each time.
func (e *Engine) guard(found []audit.Finding) {
	for system.Pause(e.ctx, e.cfg.AuditEvery) == nil {
		now, err := e.audit(e.ctx)
		if err != nil && !errors.Is(err, ErrUnsafe) {
			e.cfg.Logger.Warn("aerospike: settings not known", slog.Any("error", err))
			continue
		}
		e.report(audit.Changed(found, now))
		if errors.Is(err, ErrUnsafe) {
			e.cfg.Logger.Error("aerospike: settings lose data", slog.Any("error", err))
		}
		found = now
	}
}

// startGuard audits once, and from then on in the background.
func (e *Engine) startGuard(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	defer cancel()
	found, err := e.audit(ctx)
	if err != nil {
		return fmt.Errorf("aerospike: Open: %w", err)
	}
	e.report(found)
	e.start(func(e *Engine) { e.guard(found) })
	return nil
}

const defaultAuditEvery = time.Minute

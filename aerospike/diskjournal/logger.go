package diskjournal

import (
	"fmt"
	"log/slog"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
)

// logger is how Pebble reports. What it calls fatal is a disk that fails, which need
// not end the process: the journal is broken then, and says so to whoever writes.
type logger struct {
	log    *slog.Logger
	broken func()
}

var _ pebble.Logger = (*logger)(nil)

// Infof implements pebble.Logger.
func (l *logger) Infof(format string, args ...any) {
	l.log.Debug("diskjournal: pebble", slog.String("says", fmt.Sprintf(format, args...)))
}

// Errorf implements pebble.Logger.
func (l *logger) Errorf(format string, args ...any) {
	l.log.Error("diskjournal: pebble", slog.String("says", fmt.Sprintf(format, args...)))
}

// Fatalf implements pebble.Logger. It must not return, so it ends the goroutine.
func (l *logger) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	l.broken()
	runtime.Goexit()
}

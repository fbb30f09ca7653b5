package aerospike_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// TestUnsafeSettings opens engines on a cluster that acknowledges what only its
// master has, and changes a setting under a running one.
func TestUnsafeSettings(t *testing.T) {
	s := asdtest.Start(t, asdtest.WithSetting("write-commit-level-override", "master"))
	c := connect(t, s.Addr())
	_, err := aerospike.Open(t.Context(), c, aerospike.Config{Namespace: namespace, Set: "s"})
	var unsafe *aerospike.UnsafeError
	if !errors.As(err, &unsafe) || !errors.Is(err, aerospike.ErrUnsafe) || !strings.Contains(err.Error(), "write-commit-level-override") {
		t.Errorf("Open: %v", err)
	}
	var log logged
	open(t, c, aerospike.Config{
		Set: "s", Accept: []string{"write-commit-level-override"}, AuditEvery: time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if log.has("disable-write-dup-res") {
		t.Error("a finding about a setting that is right")
	}
	s.Set(namespace, "disable-write-dup-res", "true")
	until(t, func() bool { return log.has("disable-write-dup-res") })
}

// logged is what was logged.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.buf.String(), s)
}

package asdtest

import (
	"strconv"
	"strings"
	"sync"
)

// settings is an ordered list of name=value pairs. It is safe for concurrent use.
type settings struct {
	mu     sync.RWMutex
	names  []string
	values map[string]string
}

// newSettings reads name=value;name=value.
func newSettings(text string) *settings {
	s := &settings{values: make(map[string]string)}
	for pair := range strings.SplitSeq(text, ";") {
		name, val, _ := strings.Cut(pair, "=")
		s.set(name, val)
	}
	return s
}

func (s *settings) set(name, val string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.values[name]; !ok {
		s.names = append(s.names, name)
	}
	s.values[name] = val
}

func (s *settings) get(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.values[name]
}

// uint returns a setting as a number, and 0 if it is none.
func (s *settings) uint(name string) uint64 {
	n, err := strconv.ParseUint(s.get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (s *settings) bool(name string) bool { return s.get(name) == "true" }

func (s *settings) append(b *strings.Builder) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i, name := range s.names {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(s.values[name])
	}
}

// defaultStatistics returns what the node of cfg says of itself.
func defaultStatistics(cfg *Config) *settings {
	s := newSettings(nodeStatistics())
	s.set("cluster_principal", cfg.Node)
	s.set("paxos_principal", cfg.Node)
	return s
}

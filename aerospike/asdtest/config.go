package asdtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// DefaultHistory is how many earlier versions of a record are kept for the faults
// that bring one back.
const DefaultHistory = 8

// Config says what a cluster looks like. The zero value is one namespace "test"
// with the settings that a fresh Community Edition 8.1 has.
type Config struct {
	// Name is the cluster's name. Empty: "asdtest".
	Name string
	// Node is the node's name, up to 16 hexadecimal digits. Empty: a random one, so
	// that two clusters of one test are told apart.
	Node string
	// Addr is what to listen on. Empty: a free port of the loopback interface.
	Addr string
	// Namespaces are those of the cluster. Empty: "test".
	Namespaces []string
	// Settings are put over the defaults of every namespace, as Set does.
	Settings map[string]string
	// Now is the server's clock: last-update times, expiry and the age that a filter
	// sees. It is called from many goroutines at once. Nil: time.Now.
	Now func() time.Time
	// History is how many earlier versions of every record are kept. Zero:
	// DefaultHistory; negative: none.
	History int

	_ struct{} // keyed literals only
}

// Option changes the Config of Start.
type Option func(*Config)

// WithName sets Config.Name.
func WithName(name string) Option { return func(c *Config) { c.Name = name } }

// WithNamespaces sets Config.Namespaces.
func WithNamespaces(names ...string) Option { return func(c *Config) { c.Namespaces = names } }

// WithSetting adds to Config.Settings.
func WithSetting(name, value string) Option {
	return func(c *Config) {
		if c.Settings == nil {
			c.Settings = make(map[string]string)
		}
		c.Settings[name] = value
	}
}

// WithClock sets Config.Now.
func WithClock(now func() time.Time) Option { return func(c *Config) { c.Now = now } }

// WithHistory sets Config.History.
func WithHistory(versions int) Option { return func(c *Config) { c.History = versions } }

// fill puts the defaults in and reports every fault of c at once.
func (c *Config) fill() error {
	if c.Name == "" {
		c.Name = "asdtest"
	}
	if c.Node == "" {
		//nolint:forbidigo // two clusters of one test must differ; nothing is replayed by it
		c.Node = fmt.Sprintf("BB9%08X02", rand.Uint32())
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if len(c.Namespaces) == 0 {
		c.Namespaces = []string{"test"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	switch {
	case c.History == 0:
		c.History = DefaultHistory
	case c.History < 0:
		c.History = 0
	}
	var errs []error
	seen := make(map[string]bool)
	for _, ns := range c.Namespaces {
		if ns == "" || len(ns) > maxNamespaceName || seen[ns] {
			errs = append(errs, fmt.Errorf("asdtest: namespace %q is empty, too long or given twice", ns))
		}
		seen[ns] = true
	}
	return errors.Join(errs...)
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// settings are what the command is told, by a file and then by flags, which win.
type settings struct {
	Clusters  []cluster   `json:"clusters"`
	Namespace string      `json:"namespace"` // of clusters without one of their own
	Sets      []string    `json:"sets"`
	Links     [][2]string `json:"links"` // none: between any two

	Period      duration `json:"period"`
	Margin      duration `json:"margin"`
	AuditPeriod duration `json:"audit_period"`
	Attempt     duration `json:"attempt"`
	Timeout     duration `json:"timeout"`
	Partitions  int      `json:"partitions"`
	Concurrency int      `json:"concurrency"`
	Rate        int      `json:"rate"`
	RecordSize  int      `json:"record_size"`

	Listen string   `json:"listen"` // host:port; empty: nowhere
	Stale  duration `json:"stale"`  // how far behind is no longer healthy
	State  string   `json:"state"`  // a file; empty: none
	Log    string   `json:"log"`    // debug, info, warn or error

	logLevel slog.Level
}

// cluster is one of those that are mirrored.
type cluster struct {
	Name      string   `json:"name"`
	Hosts     []string `json:"hosts"` // host:port, any of the nodes
	Namespace string   `json:"namespace"`
}

// duration is one that is written as in Go: 1s, 5m, 1h30m.
type duration time.Duration

// UnmarshalJSON implements json.Unmarshaler.
func (d *duration) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return fmt.Errorf("%s is not a duration in quotes", b)
	}
	return d.Set(text)
}

// Set implements flag.Value.
func (d *duration) Set(text string) error {
	t, err := time.ParseDuration(text)
	*d = duration(t)
	return err
}

// String implements flag.Value.
func (d *duration) String() string { return time.Duration(*d).String() }

func defaults() *settings {
	return &settings{Listen: "127.0.0.1:9145", Stale: duration(5 * time.Minute), Log: "info"}
}

// read reads a file over the settings.
func (s *settings) read(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// check reports what the mirror itself does not.
func (s *settings) check() error {
	var errs []error
	if err := s.logLevel.UnmarshalText([]byte(s.Log)); err != nil {
		errs = append(errs, fmt.Errorf("log level %q: debug, info, warn or error", s.Log))
	}
	if len(s.Clusters) < 2 {
		errs = append(errs, errors.New("at least two clusters are needed; see -h"))
	}
	for _, c := range s.Clusters {
		if len(c.Hosts) == 0 || s.namespaceOf(c) == "" {
			errs = append(errs, fmt.Errorf("cluster %q without hosts or namespace", c.Name))
		}
		for _, h := range c.Hosts {
			if _, _, err := splitHost(h); err != nil {
				errs = append(errs, fmt.Errorf("cluster %q: %w", c.Name, err))
			}
		}
	}
	if s.Stale <= 0 {
		errs = append(errs, fmt.Errorf("stale after %v: a time is needed", &s.Stale))
	}
	return errors.Join(errs...)
}

func (s *settings) namespaceOf(c cluster) string {
	if c.Namespace != "" {
		return c.Namespace
	}
	return s.Namespace
}

// mirrorConfig returns the configuration of the mirror, but for the clusters.
func (s *settings) mirrorConfig() mirror.Config {
	cfg := mirror.Config{
		Sets:   s.Sets,
		Period: time.Duration(s.Period), Margin: time.Duration(s.Margin), AuditPeriod: time.Duration(s.AuditPeriod),
		Attempt: time.Duration(s.Attempt), Timeout: time.Duration(s.Timeout),
		Partitions: s.Partitions, Concurrency: s.Concurrency, Rate: s.Rate, RecordSize: s.RecordSize,
	}
	for _, l := range s.Links {
		cfg.Links = append(cfg.Links, mirror.Link{A: l[0], B: l[1]})
	}
	return cfg
}

func splitHost(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("address %q: %w", addr, err)
	}
	return host, port, nil
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

const intro = `crdtmirror keeps the same replicated objects in several Aerospike clusters.

  crdtmirror -namespace NS -set SET -cluster NAME=HOST:PORT -cluster NAME=HOST:PORT [flags]
  crdtmirror -config FILE.json [flags]

A file has the same settings under the names of the flags, with _ for -, and
  "clusters": [{"name": "east", "hosts": ["10.0.0.1:3000"], "namespace": "prod"}, ...],
  "sets": ["carts"], "links": [["east", "west"], ...]
Flags win over it. Exit codes: 0 ended by a signal, 1 could not begin, 2 bad flags
or settings.

Flags:
`

// settingsOf reads flags, and before them the file that they name. Help goes to
// stdout.
func settingsOf(args []string, stdout io.Writer) (*settings, error) {
	s := defaults()
	fs, file := s.flags()
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, intro) //nolint:errcheck // there is nowhere left to say so
			fs.SetOutput(stdout)
			fs.PrintDefaults()
		}
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("no argument %q; see -h", fs.Arg(0))
	}
	if *file != "" {
		s = defaults()
		if err := s.read(*file); err != nil {
			return nil, err
		}
		fs, _ = s.flags()
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
	}
	return s, s.check()
}

// flags returns the flags that set s.
func (s *settings) flags() (fs *flag.FlagSet, file *string) {
	fs = flag.NewFlagSet("crdtmirror", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	file = fs.String("config", "", "`file` of settings, in JSON")
	lists(fs, "cluster", "`name=host:port,...` of a cluster, any of its nodes; once for each", &s.Clusters, readCluster)
	lists(fs, "set", "`name` of a set; once for each", &s.Sets, func(v string) (string, error) { return v, nil })
	lists(fs, "link", "`a,b`: two clusters that copy from each other; none is between any two", &s.Links, readLink)
	fs.StringVar(&s.Namespace, "namespace", s.Namespace, "`name` of the namespace")
	fs.Var(&s.Period, "period", "time between scans for changes (1s)")
	fs.Var(&s.Margin, "margin", "by how much scans overlap (10s)")
	fs.Var(&s.AuditPeriod, "audit-period", "time in which all records are compared (1h)")
	fs.Var(&s.Attempt, "attempt", "bounds one attempt at one operation (1s)")
	fs.Var(&s.Timeout, "timeout", "bounds what is done about one object at a time (10s)")
	fs.IntVar(&s.Partitions, "partitions", s.Partitions, "how many partitions one request scans (512)")
	fs.IntVar(&s.Concurrency, "concurrency", s.Concurrency, "operations on their way to a cluster, at most (32)")
	fs.IntVar(&s.Rate, "rate", s.Rate, "objects a second in one direction, at most (no limit)")
	fs.IntVar(&s.RecordSize, "record-size", s.RecordSize, "bytes of a snapshot, at most (what the clusters leave)")
	fs.StringVar(&s.Listen, "listen", s.Listen, "`address` of /healthz and /metrics; empty for none")
	fs.Var(&s.Stale, "stale", "how far behind the mirror is no longer healthy")
	fs.StringVar(&s.State, "state", s.State, "`file` to go on from, and to keep for that; empty for none")
	fs.StringVar(&s.Log, "log", s.Log, "what to log: debug, info, warn or error")
	return fs, file
}

// lists defines a flag that may be given several times. The first time replaces
// what a file has said.
func lists[T any](fs *flag.FlagSet, name, usage string, to *[]T, read func(string) (T, error)) {
	first := true
	fs.Func(name, usage, func(text string) error {
		v, err := read(text)
		if err != nil {
			return err
		}
		if first {
			*to, first = nil, false
		}
		*to = append(*to, v)
		return nil
	})
}

func readCluster(text string) (c cluster, err error) {
	name, hosts, ok := strings.Cut(text, "=")
	if !ok {
		return c, errors.New("not name=host:port")
	}
	return cluster{Name: name, Hosts: strings.Split(hosts, ",")}, nil
}

func readLink(text string) (l [2]string, err error) {
	a, b, ok := strings.Cut(text, ",")
	if !ok {
		return l, errors.New("not two names with a comma between them")
	}
	return [2]string{a, b}, nil
}

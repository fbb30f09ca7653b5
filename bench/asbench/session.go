package asbench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

const (
	namespace = "test"
	set       = "crdtbench"
	rawSet    = "crdtbench-raw"
)

// patience is how long an operation may take: what is measured is how many pass,
// not how soon one gives up on a busy machine.
const patience = 10 * time.Second

// session is what the cases share.
type session struct {
	server *asdtest.Cluster // nil: somebody else's
	client *as.Client
	engine *aerospike.Engine // remembers everything
	cold   *aerospike.Engine // remembers nothing
	disk   *journaled        // nil until it is needed

	prefix string    // of all keys, in each session another
	keys   []*as.Key // of all records that were made

	hist   *history          // nil until it is needed, as are the worlds
	worlds map[string]*world // by prefix
}

func newSession(addr string) (*session, error) {
	s := &session{prefix: rand.Text() + "/", worlds: make(map[string]*world)}
	if err := s.connect(addr); err != nil {
		return nil, errors.Join(err, s.close())
	}
	ctx := context.Background()
	var errs [2]error
	s.engine, errs[0] = aerospike.Open(ctx, s.client, config(1<<20))
	s.cold, errs[1] = aerospike.Open(ctx, s.client, config(-1))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// config returns the defaults, but for the patience and what is remembered.
func config(objects int) aerospike.Config {
	return aerospike.Config{
		Namespace: namespace, Set: set, CacheObjects: objects,
		QueueLength: queueLength, Attempt: patience, Timeout: 6 * patience,
	}
}

func (s *session) connect(addr string) error {
	if addr == "" {
		var err error
		if s.server, err = asdtest.New(asdtest.Config{History: -1}); err != nil {
			return err
		}
		addr = s.server.Addr()
	}
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address of a server: %w", err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return fmt.Errorf("address of a server %q: the port is not a number", addr)
	}
	c, aerr := as.NewClient(host, port)
	if aerr != nil {
		return fmt.Errorf("connect to %s: %w", addr, aerr)
	}
	s.client = c
	if _, aerr := c.WarmUp(writers); aerr != nil {
		return fmt.Errorf("connect to %s: %w", addr, aerr)
	}
	return nil
}

// object returns the key of an object and keeps it for close.
func (s *session) object(name string) (string, error) {
	_, err := s.key(set, name)
	return s.prefix + name, err
}

// key returns the key of a record and keeps it for close.
func (s *session) key(set, name string) (*as.Key, error) {
	k, err := as.NewKey(namespace, set, s.prefix+name)
	if err != nil {
		return nil, err
	}
	s.keys = append(s.keys, k)
	return k, nil
}

// close removes all records from a server that is not ours, and ends what the
// session began.
func (s *session) close() error {
	errs := []error{s.disk.close()}
	for _, e := range []*aerospike.Engine{s.engine, s.cold} {
		if e != nil {
			errs = append(errs, e.Close())
		}
	}
	if s.client != nil {
		if s.server == nil {
			errs = append(errs, s.remove())
		}
		s.client.Close()
	}
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	return errors.Join(errs...)
}

func (s *session) remove() error {
	return each(len(s.keys), func(i int) error {
		_, err := s.client.Delete(writePolicy(), s.keys[i])
		return plain(err)
	})
}

// Command crdtmirror keeps the same replicated objects in several Aerospike
// clusters: what is written in one of them arrives in the others; see
// mirror.Mirror for what is promised.
//
//	crdtmirror -namespace prod -set carts -cluster east=10.0.0.1:3000 -cluster west=10.1.0.1:3000
//
// It runs until it gets SIGINT or SIGTERM. Several of it may run at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // could not begin
	exitUsage  = 2 // bad flags or settings
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, nil)
	stop()
	os.Exit(code)
}

// run is main without the process. It tells serving, if that is not nil, on what
// address it answers.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, serving func(addr string)) int {
	s, err := settingsOf(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "crdtmirror: %v\n", err) //nolint:errcheck // there is nowhere left to say so
		return exitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: s.logLevel}))
	if err := runMirror(ctx, s, log, serving); err != nil {
		log.Error("crdtmirror", slog.Any("error", err))
		return exitFailed
	}
	return exitOK
}

// saveEvery is how often the checkpoint is saved.
const saveEvery = time.Minute

// runMirror runs a mirror until the context ends.
func runMirror(ctx context.Context, s *settings, log *slog.Logger, serving func(addr string)) error {
	cfg, closeAll, err := s.connect(ctx, log)
	if err != nil {
		return err
	}
	defer closeAll()
	if cfg.Checkpoint, err = readState(s.State); err != nil {
		return err
	}
	m, err := mirror.New(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	if s.Listen != "" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
		if err != nil {
			return err
		}
		wg.Go(func() { serve(ctx, l, handler(m.Stats, time.Duration(s.Stale), log), log) })
		if serving != nil {
			serving(l.Addr().String())
		}
	}
	wg.Go(func() { saveStates(ctx, m, s.State, log) })
	log.Info("mirroring", slog.Int("clusters", len(cfg.Clusters)), slog.Any("sets", cfg.Sets))
	err = m.Run(ctx)
	cancel()
	wg.Wait()
	log.Info("ended")
	return errors.Join(err, saveState(m, s.State))
}

// connect connects to all clusters. One that does not answer is connected to when
// it does: the others need not wait for it.
func (s *settings) connect(
	ctx context.Context, log *slog.Logger,
) (c mirror.Config, closeAll func(), err error) {
	c = s.mirrorConfig()
	c.Logger = log
	var clients []*as.Client
	closeAll = func() {
		for _, c := range clients {
			c.Close()
		}
	}
	for _, to := range s.Clusters {
		client, err := to.connect(log)
		if err == nil {
			clients, err = append(clients, client), ctx.Err()
		}
		if err != nil {
			closeAll()
			return c, nil, fmt.Errorf("connect to cluster %q: %w", to.Name, err)
		}
		c.Clusters = append(c.Clusters, mirror.Cluster{Name: to.Name, Client: client, Namespace: s.namespaceOf(to)})
	}
	return c, closeAll, nil
}

func (c *cluster) connect(log *slog.Logger) (*as.Client, error) {
	var hosts []*as.Host
	for _, h := range c.Hosts {
		host, port, err := splitHost(h)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, as.NewHost(host, port))
	}
	p := as.NewClientPolicy()
	p.FailIfNotConnected = false
	p.Timeout = 5 * time.Second // of the client's own questions, which a node that is gone holds up
	client, aerr := as.NewClientWithPolicyAndHost(p, hosts...)
	switch {
	case client == nil:
		return nil, aerr
	case aerr != nil:
		log.Warn("cluster does not answer yet", slog.String("cluster", c.Name), slog.Any("error", aerr))
	}
	return client, nil
}

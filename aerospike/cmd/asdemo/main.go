// Command asdemo writes to several Aerospike clusters at once, joins them with a
// mirror, and shows what each has: while links are cut, and after.
//
//	asdemo                                     on three clusters in this process, one of which it cuts off
//	asdemo -hosts HOST:PORT,HOST:PORT,...      on your own, each with a namespace "test", until Ctrl-C
//
// In the end it says whether every acknowledged update is in every cluster, once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // an acknowledged update is missing, or the clusters cannot be reached
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("asdemo", flag.ContinueOnError)
	fs.SetOutput(stderr)
	hosts := fs.String("hosts", "", "`host:port,...`: a node of each cluster; none: clusters in this process")
	length := fs.Duration("for", 0, "how long to write; 0 is 12 s in this process, and until Ctrl-C on yours")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if fs.NArg() > 0 || *length < 0 {
		fmt.Fprintf(stderr, "asdemo: no argument %q; see -h\n", fs.Args()) //nolint:errcheck // nobody is left to tell
		return exitUsage
	}
	d := &demo{out: stdout, length: *length}
	defer d.close()
	err := d.connect(*hosts)
	if err == nil {
		err = d.play(ctx)
	}
	if err != nil {
		fmt.Fprintf(stderr, "asdemo: %v\n", err) //nolint:errcheck // nobody is left to tell
		return exitFailed
	}
	return exitOK
}

// connect connects to the clusters, or makes three.
func (d *demo) connect(hosts string) error {
	names := []string{"east", "west", "eu"}
	if hosts == "" {
		d.cutItself = true
		if d.length == 0 {
			d.length = 12 * time.Second
		}
		for _, name := range names {
			s, err := asdtest.New(asdtest.Config{Name: name})
			if err != nil {
				return err
			}
			d.closers = append(d.closers, func() { s.Close() }) //nolint:errcheck // the process is ending
			if err := d.add(name, s.Addr()); err != nil {
				return err
			}
		}
		return nil
	}
	for i, addr := range strings.Split(hosts, ",") {
		name := addr
		if i < len(names) {
			name = names[i]
		}
		if err := d.add(name, addr); err != nil {
			return err
		}
	}
	if len(d.places) < 2 {
		return errors.New("one cluster has nobody to be joined with")
	}
	return nil
}

// add connects to a cluster.
func (d *demo) add(name, addr string) error {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("cluster %s: %w", name, err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return fmt.Errorf("cluster %s: port %q", name, p)
	}
	c, aerr := as.NewClient(host, port)
	if aerr != nil {
		return fmt.Errorf("cluster %s at %s: %w", name, addr, aerr)
	}
	d.closers = append(d.closers, c.Close)
	d.places = append(d.places, &place{name: name, client: c, link: &link{Client: c}})
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// demo is a run: writers at each place, a mirror between them, and somebody who
// looks once a second.
type demo struct {
	out       io.Writer
	length    time.Duration
	cutItself bool
	places    []*place
	closers   []func()
}

// place is a cluster, and who writes there.
type place struct {
	name   string
	client *as.Client
	link   *link
	stock  store.Objects[*crdt.Counter]
	acked  atomic.Int64
}

const (
	namespace = "test"
	key       = "milk"
	rate      = 5 * time.Millisecond // between two writes at a place
)

func (d *demo) close() {
	for _, end := range slices.Backward(d.closers) {
		end()
	}
}

func (d *demo) play(ctx context.Context) error {
	cfg := mirror.Config{Period: 200 * time.Millisecond, AuditPeriod: 10 * time.Second}
	set := fmt.Sprintf("demo%d", time.Now().Unix()) // what earlier runs left is theirs
	cfg.Sets = []string{set}
	for _, p := range d.places {
		e, err := aerospike.Open(ctx, p.client, aerospike.Config{Namespace: namespace, Set: set})
		if err != nil {
			return fmt.Errorf("cluster %s: %w", p.name, err)
		}
		d.closers = append(d.closers, func() { e.Close() }) //nolint:contextcheck,errcheck // the process is ending
		p.stock = store.NewObjects(e, "stock/", crdt.CounterKind())
		cfg.Clusters = append(cfg.Clusters, mirror.Cluster{Name: p.name, Client: p.link, Namespace: namespace})
	}
	m, err := mirror.New(cfg)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var mirror sync.WaitGroup
	mirror.Go(func() { err = m.Run(background) })
	defer func() { stop(); mirror.Wait() }()
	d.write(ctx, background)
	return errors.Join(d.settle(background), err)
}

// write lets all places write until the time is over, and shows what they have.
func (d *demo) write(ctx, background context.Context) {
	writing, stop := context.WithCancel(ctx)
	if d.length > 0 {
		writing, stop = context.WithTimeout(ctx, d.length)
	}
	defer stop()
	var writers sync.WaitGroup
	for _, p := range d.places {
		writers.Go(func() { p.write(writing, background) })
	}
	d.head()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for second := 1; writing.Err() == nil; second++ {
		select {
		case <-writing.Done():
		case <-tick.C:
			d.cut(second)
			d.row(background)
		}
	}
	writers.Wait()
}

// cut cuts the second cluster off for the middle third of a run by itself.
func (d *demo) cut(second int) {
	if !d.cutItself {
		return
	}
	third := int(d.length/time.Second) / 3
	switch second {
	case third:
		d.places[1].link.cut.Store(true)
		d.say("-- %s is cut off; it goes on taking writes", d.places[1].name)
	case 2 * third:
		d.places[1].link.cut.Store(false)
		d.say("-- the link is mended")
	}
}

// write adds one to the stock, again and again until the context ends. What is in
// doubt is settled before the next.
func (p *place) write(ctx, background context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		_, err := p.stock.Update(background, key, func(tx *crdt.Tx, c *crdt.Counter) error {
			c.Add(tx, 1)
			return nil
		}, store.Blind())
		for doubt, ok := errors.AsType[*store.InDoubtError](err); ok && err != nil; {
			err = doubt.Retry(background)
		}
		if err == nil {
			p.acked.Add(1)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rate):
		}
	}
}

// settle waits until every cluster shows what was acknowledged anywhere.
func (d *demo) settle(ctx context.Context) error {
	var all int64
	for _, p := range d.places {
		all += p.acked.Load()
	}
	d.say("-- writing has ended; %d updates were acknowledged", all)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		same := true
		for _, p := range d.places {
			v, _, err := p.stock.View(ctx, key)
			same = same && err == nil && v.Value() == all
		}
		d.row(ctx)
		if same {
			d.say("every acknowledged update is in every cluster, once")
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after a minute the clusters do not all show %d", all)
		case <-time.After(time.Second):
		}
	}
}

func (d *demo) head() {
	var b strings.Builder
	for _, p := range d.places {
		fmt.Fprintf(&b, "%24s", p.name)
	}
	d.say("%s", b.String())
	d.say("%s", strings.Repeat(fmt.Sprintf("%12s%12s", "written", "shows"), len(d.places)))
}

// row shows what each place has acknowledged, and what its cluster shows.
func (d *demo) row(ctx context.Context) {
	var b strings.Builder
	for _, p := range d.places {
		look, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		v, _, err := p.stock.View(look, key)
		cancel()
		shows := "no answer"
		if err == nil {
			shows = fmt.Sprint(v.Value())
		}
		fmt.Fprintf(&b, "%12d%12s", p.acked.Load(), shows)
	}
	d.say("%s", b.String())
}

func (d *demo) say(format string, a ...any) {
	fmt.Fprintf(d.out, format+"\n", a...) //nolint:errcheck // nobody is left to tell
}

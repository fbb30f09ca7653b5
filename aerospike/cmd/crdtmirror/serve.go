package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// handler answers /healthz and /metrics with the figures of a mirror. What was written
// longer ago than stale must have arrived.
func handler(figures func() mirror.Stats, stale time.Duration, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		stats := figures()
		ill := unhealthy(&stats, stale)
		if len(ill) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			ill = []string{"ok"}
		}
		answer(w, log, func(b *bufio.Writer) {
			for _, line := range ill {
				fmt.Fprintln(b, line)
			}
		})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		stats := figures()
		answer(w, log, func(b *bufio.Writer) { writeMetrics(b, &stats) })
	})
	return mux
}

// serve answers until the context ends.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	stop := context.AfterFunc(ctx, func() {
		if err := srv.Close(); err != nil {
			log.Warn("close the listener", slog.Any("error", err))
		}
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("not serving any more", slog.Any("error", err))
	}
}

// answer writes a body. That a client went away is its own affair.
func answer(w io.Writer, log *slog.Logger, write func(*bufio.Writer)) {
	b := bufio.NewWriter(w)
	write(b)
	if err := b.Flush(); err != nil {
		log.Debug("answer not taken", slog.Any("error", err))
	}
}

// unhealthy returns what is wrong, a line for each: it is not known that what was written
// longer ago than stale has arrived, or it is known that something cannot arrive.
func unhealthy(s *mirror.Stats, stale time.Duration) (lines []string) {
	for _, d := range s.Directions {
		say := func(n int, what string) {
			if n > 0 {
				lines = append(lines, fmt.Sprintf("%s to %s: %s: %d", d.From, d.To, what, n))
			}
		}
		if d.Behind > stale {
			lines = append(lines, fmt.Sprintf("%s to %s: behind by %v", d.From, d.To, d.Behind.Round(time.Second)))
		}
		say(d.Damaged, "damaged objects, with parts that cannot be read")
		say(d.TooLarge, "objects too large with what both clusters have of them")
		say(d.Incomplete, "incomplete objects, which lack a block in one of the clusters")
		say(d.Foreign, "foreign records, which somebody else wrote to the set")
		say(d.Stuck-d.Damaged-d.TooLarge-d.Incomplete-d.Foreign, "objects that fail again and again")
	}
	for _, c := range s.Clusters {
		if c.Incomplete > 0 {
			lines = append(lines, fmt.Sprintf("%s: objects that lack a block there: %d", c.Name, c.Incomplete))
		}
	}
	for _, a := range s.Audits {
		if a.Missed > 0 {
			lines = append(lines, fmt.Sprintf("%s and %s: partitions that could not be compared: %d", a.A, a.B, a.Missed))
		}
	}
	return lines
}

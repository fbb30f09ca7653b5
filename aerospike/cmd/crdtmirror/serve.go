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

// serve answers /healthz and /metrics until the context ends.
func serve(ctx context.Context, l net.Listener, m *mirror.Mirror, s *settings, log *slog.Logger) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		stats := m.Stats()
		if ill := unhealthy(&stats, time.Duration(s.Stale)); len(ill) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			answer(w, log, func(b *bufio.Writer) {
				for _, line := range ill {
					fmt.Fprintln(b, line)
				}
			})
			return
		}
		answer(w, log, func(b *bufio.Writer) { fmt.Fprintln(b, "ok") })
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		stats := m.Stats()
		answer(w, log, func(b *bufio.Writer) { writeMetrics(b, &stats) })
	})
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second,
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

// unhealthy returns what is wrong: directions of which it is not known that what
// was written longer ago than stale has arrived.
func unhealthy(s *mirror.Stats, stale time.Duration) (lines []string) {
	for _, d := range s.Directions {
		if d.Behind > stale {
			lines = append(lines, fmt.Sprintf("%s to %s: behind by %v", d.From, d.To, d.Behind.Round(time.Second)))
		}
	}
	return lines
}

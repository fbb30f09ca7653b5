package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

func objects(t *testing.T, c *asdtest.Cluster) store.Objects[*crdt.Counter] {
	t.Helper()
	client, aerr := as.NewClient(c.Host(), c.Port())
	if aerr != nil {
		t.Fatal(aerr)
	}
	t.Cleanup(client.Close)
	e, err := aerospike.Open(t.Context(), client, aerospike.Config{Namespace: "test", Set: "s"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return store.NewObjects(e, "", crdt.CounterKind())
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); {
		if time.Now().After(end) {
			t.Fatalf("in 30 s not %s", what)
		}
	}
}

// TestCommand runs the command over two clusters, asks it how it is, and ends it.
func TestCommand(t *testing.T) {
	a, b := asdtest.Start(t), asdtest.Start(t)
	from, to := objects(t, a), objects(t, b)
	seven := func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 7); return nil }
	if _, err := from.Update(t.Context(), "k", seven); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config, state := filepath.Join(dir, "config.json"), filepath.Join(dir, "state")
	text := fmt.Sprintf(`{"namespace": "test", "sets": ["s"], "period": "5ms", "listen": "127.0.0.1:0", "state": %q,
		"clusters": [{"name": "a", "hosts": [%q]}, {"name": "b", "hosts": [%q]}]}`, state, a.Addr(), b.Addr())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second goes on from the state of the first
		ctx, stop := context.WithCancel(t.Context())
		addr, code := make(chan string, 1), make(chan int)
		go func() {
			args := []string{"-config", config, "-audit-period", "1s"}
			code <- run(ctx, args, io.Discard, io.Discard, func(s string) { addr <- s })
		}()
		base := "http://" + <-addr
		until(t, "copied", func() bool {
			c, _, err := to.View(t.Context(), "k")
			return err == nil && c.Value() == 7
		})
		until(t, "audited", func() bool {
			_, text := get(t, base+"/metrics")
			return !strings.Contains(text, `audit_passes_total{a="a",b="b"} 0`)
		})
		_, text := get(t, base+"/metrics")
		for _, want := range []string{
			`crdtmirror_stuck_objects{from="b",to="a"} 0`, `crdtmirror_cluster_settled{cluster="a"} 1`,
			"# TYPE crdtmirror_lag_seconds gauge", "crdtmirror_record_size_bytes 1.032192e+06",
		} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		if status, text := get(t, base+"/healthz"); status != http.StatusOK {
			t.Errorf("health: %d %s", status, text)
		}
		stop()
		if n := <-code; n != exitOK {
			t.Errorf("exit code %d", n)
		}
		if saved, err := os.ReadFile(state); err != nil || !strings.Contains(string(saved), `"From":"a"`) {
			t.Errorf("state: %s, %v", saved, err)
		}
	}
}

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.json")
	text := `{"namespace": "n", "sets": ["file"], "links": [["a", "b"]], "period": "3s", "margin": "20s", "rate": 5,
		"clusters": [{"name": "a", "hosts": ["h:1"]}, {"name": "b", "hosts": ["h:2", "i:2"], "namespace": "m"}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := settingsOf([]string{"-set", "one", "-period", "4s", "-config", file, "-set", "two"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(s.Sets, &s.Period, &s.Margin, s.Rate, s.Links, s.Clusters,
		s.namespaceOf(s.Clusters[0]), s.namespaceOf(s.Clusters[1]))
	if want := "[one two] 4s 20s 5 [[a b]] [{a [h:1] } {b [h:2 i:2] m}] n m\n"; got != want {
		t.Errorf("settings are %s, want %s", got, want)
	}
	two := []string{"-namespace", "n", "-set", "s", "-cluster", "a=h:1", "-cluster", "b=h:2"}
	if _, err := settingsOf(two, io.Discard); err != nil {
		t.Errorf("%q: %v", two, err)
	}
	for _, bad := range [][]string{
		{},
		{"-cluster", "a"},
		{"-cluster", "a=h:1"},
		{"-period", "x"},
		{"-config", "missing"},
		{"argument"},
		append([]string{"-log", "loud"}, two...), append([]string{"-link", "a"}, two...),
		append([]string{"-stale", "0"}, two...),
		{"-set", "s", "-cluster", "a=h:1", "-cluster", "b=h:2"},
		{"-namespace", "n", "-cluster", "a=h", "-cluster", "b=h:2"},
	} {
		if _, err := settingsOf(bad, io.Discard); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
	var help strings.Builder
	code := run(t.Context(), []string{"-h"}, &help, io.Discard, nil)
	if code != exitOK || !strings.Contains(help.String(), "-audit-period") {
		t.Errorf("-h: %d %s", code, help.String())
	}
	if code := run(t.Context(), nil, io.Discard, io.Discard, nil); code != exitUsage {
		t.Errorf("without settings: %d", code)
	}
}

// TestLabels escapes what would end a label.
func TestLabels(t *testing.T) {
	if got, want := labels("a", "x\"y\\z", "b", "\n"), `{a="x\"y\\z",b="\n"}`; got != want {
		t.Errorf("labels are %s, want %s", got, want)
	}
}

// TestStateOfAnotherLayout begins with a checkpoint of a layout that is not this one's. It
// is refused by an error that names both, and stays as it was.
func TestStateOfAnotherLayout(t *testing.T) {
	a, b := asdtest.Start(t), asdtest.Start(t)
	for _, text := range []string{`{"Clusters":{"a":"1"}}`, `{"Version":2,"Cursors":[{"Place":7}]}`} {
		state := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(state, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		args := []string{"-namespace", "test", "-set", "s", "-cluster", "a=" + a.Addr(), "-cluster", "b=" + b.Addr(), "-listen", "", "-state", state}
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second) // it would run until then
		code := run(ctx, args, io.Discard, &log, nil)
		stop()
		version := strings.Count(text, `"Version":2`) * 2
		if want := fmt.Sprintf("version %d, and this mirror reads version 1", version); code != exitFailed || !strings.Contains(log.String(), want) {
			t.Errorf("exit code %d, log %s: want %q", code, log.String(), want)
		}
		if saved, err := os.ReadFile(state); err != nil || string(saved) != text {
			t.Errorf("the state is now %q, %v", saved, err)
		}
	}
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
)

func TestAerospikeUsage(t *testing.T) {
	for _, tt := range []struct{ hosts, want string }{
		{"localhost", "missing port"},
		{",localhost:3000", "missing port"},
		{"localhost:many", "not a number"},
		{"127.0.0.1:1", "connect to 127.0.0.1:1"}, // nobody listens there
	} {
		code, stdout, stderr := runWith(t, "-aerospike", tt.hosts, "-run", "^as/")
		told := strings.HasPrefix(stderr, "crdtbench: -aerospike") && strings.Contains(stderr, tt.want)
		if code != exitUsage || stdout != "" || !told {
			t.Errorf("-aerospike %s: code %d, stdout %q, stderr %q; want %d and %q",
				tt.hosts, code, stdout, stderr, exitUsage, tt.want)
		}
	}
	if code, _, stderr := runWith(t, "-run", "^as/"); code != exitUsage || !strings.Contains(stderr, "matches none") {
		t.Errorf("without -aerospike: code %d, stderr %q", code, stderr)
	}
}

func TestAerospikeList(t *testing.T) {
	code, stdout, stderr := runWith(t, "-aerospike", inProcess, "-list", "-run", "^as/hot|^vector/merge/n=3$")
	want := "as/hot-append/n=64\nas/hot-append-4k/n=64\nvector/merge/n=3\n"
	if code != exitOK || stdout != want || stderr != "" {
		t.Errorf("code %d, stdout %q, stderr %q; want %q", code, stdout, stderr, want)
	}
}

// TestAerospikeRun runs a case on a server, to its end and interrupted. Either way
// nothing is left there.
func TestAerospikeRun(t *testing.T) {
	server := asdtest.Start(t)
	hosts := server.Addr() + ",192.0.2.1:3000" // of which the first is taken
	file := filepath.Join(t.TempDir(), "out.json")
	args := []string{"-aerospike", hosts, "-benchtime", "1x", "-run", "^as/hot-append"}
	code, stdout, stderr := runWith(t, append(args, "-json", file)...)
	if code != exitOK || strings.Count(stdout, "\nas/hot-append") != 2 {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	want := `{"name":"as/hot-append","n":64,"ns_op":`
	if got, err := os.ReadFile(file); err != nil || !strings.Contains(string(got), want) {
		t.Errorf("results %q, %v", got, err)
	}
	checkEmpty(t, server)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	progress := screen{seen: func(s string) {
		if strings.HasPrefix(s, "[1/2]") {
			cancel()
		}
	}}
	var table screen
	code = run(ctx, args, &table, &progress)
	if code != exitInterrupted || !strings.Contains(progress.String(), "interrupted after 1 of 2") {
		t.Errorf("code %d, stdout %q, stderr %q", code, table.String(), progress.String())
	}
	checkEmpty(t, server)
}

// checkEmpty reports records that were left on a server which has been used.
func checkEmpty(t *testing.T, server *asdtest.Cluster) {
	t.Helper()
	if server.Requests() == 0 {
		t.Fatal("the server was not used")
	}
	client, err := as.NewClient(server.Host(), server.Port())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	rs, err := client.ScanAll(nil, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	for r := range rs.Results() {
		t.Errorf("left behind: %v, %v", r.Record, r.Err)
	}
}

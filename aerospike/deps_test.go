package aerospike_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestClientStaysOut lists what every other package of the module is built from:
// who does not import this package does not build the client, and only who asks for a
// journal on disk builds Pebble. The benchmarks of this package, and the command that
// runs them, do.
func TestClientStaysOut(t *testing.T) {
	const module = "github.com/dovetail-crdt/dovetail/"
	list := func(args ...string) []string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
		if err != nil {
			t.Fatalf("go list %q: %v", args, err)
		}
		return strings.Fields(string(out))
	}
	needsNot := func(p, prefix string, deps []string) {
		t.Helper()
		for _, dep := range deps {
			if strings.HasPrefix(dep, prefix) {
				t.Errorf("%s needs %s", p, dep)
				return
			}
		}
	}
	others := 0
	for _, p := range list(module + "...") {
		if p == module+"bench/asbench" || p == module+"bench/cmd/crdtbench" {
			continue
		}
		if p != module+"aerospike/diskjournal" {
			needsNot(p, "github.com/cockroachdb/", list("-deps", p))
		}
		if !strings.HasPrefix(p, module+"aerospike") {
			others++
			deps := list("-deps", "-test", p)
			needsNot(p, "github.com/aerospike/", deps)
			needsNot(p, "google.golang.org/grpc", deps)
		}
	}
	if others < 10 {
		t.Errorf("found %d other packages", others)
	}
}

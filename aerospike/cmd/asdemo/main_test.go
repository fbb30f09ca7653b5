package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestDemo plays the demo on clusters in this process, with its cut.
func TestDemo(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"-for", "3s"}, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s\n%s", code, &errs, &out)
	}
	for _, want := range []string{"is cut off", "mended", "every acknowledged update is in every cluster, once"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &out)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"argument"}, {"-for", "-1s"}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, &out, &errs); code != exitUsage || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, &errs)
		}
	}
	for _, hosts := range []string{"nonsense", "127.0.0.1:1", "127.0.0.1:port"} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), []string{"-hosts", hosts}, &out, &errs); code != exitFailed || errs.Len() == 0 {
			t.Errorf("-hosts %s: exit code %d, %q", hosts, code, &errs)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crdtsim runs the command in a folder of its own and returns what it did.
func crdtsim(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, errs := crdtsim(t, "-json", "out.json")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "converged: 3 replicas") {
		t.Errorf("last line is %q", last)
	}
	for _, want := range []string{"Dallas", "partition: Dallas, Frankfurt ╳ Tokyo", "══ healed", "last-writer-wins per key  would have lost"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	html := read(t, "crdtsim.html")
	if !strings.Contains(html, "converged: 3 replicas") || strings.Contains(html, "http://") || strings.Contains(html, "https://") {
		t.Error("the picture lacks the verdict, or refers to the network")
	}
	var d summary
	if err := json.Unmarshal([]byte(read(t, "out.json")), &d); err != nil {
		t.Fatal(err)
	}
	if !d.Converged || d.Transactions == 0 || d.LWWLost == 0 || len(d.Replicas) != 3 {
		t.Errorf("summary is %+v", d)
	}
}

func TestDemoSameSeedSameBytes(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir()}
	var outs, pages, jsons []string
	for _, dir := range dirs {
		t.Chdir(dir)
		_, out, _ := crdtsim(t, "-seed", "42", "-json", "out.json")
		outs, pages, jsons = append(outs, out), append(pages, read(t, "crdtsim.html")), append(jsons, read(t, "out.json"))
	}
	if outs[0] != outs[1] || pages[0] != pages[1] || jsons[0] != jsons[1] {
		t.Error("two runs of one seed differ")
	}
	if _, other, _ := crdtsim(t, "-seed", "43", "-html", ""); other == outs[0] {
		t.Error("two seeds print the same")
	}
}

func TestQuiet(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, errs := crdtsim(t, "-q", "-html", "")
	if code != exitOK || errs != "" || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "converged:") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
	if files, _ := os.ReadDir("."); len(files) > 0 {
		t.Errorf("-html \"\" left %v", files)
	}
}

const heading = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func TestTrace(t *testing.T) {
	t.Chdir(t.TempDir())
	text := heading + "1,A,LAMP,6,1/12/2010,2.55,7,United Kingdom\n2,B,TRAY,2,1/12/2010,1.00,7,Spain\nC3,A,LAMP,-1,2/12/2010,2.55,7,United Kingdom\n4,A,LAMP,3,2/12/2010,2.60,,Japan\n"
	if err := os.WriteFile("in.csv", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{"invoice", "country"} {
		code, out, errs := crdtsim(t, "trace", "-route", route, "-json", "out.json", "in.csv")
		if code != exitOK || !strings.Contains(out, "\nconverged: 6 replicas equal") {
			t.Fatalf("route %s: exit %d, %q, %q", route, code, out, errs)
		}
		var o map[string]any
		if err := json.Unmarshal([]byte(read(t, "out.json")), &o); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"converged", "replicas", "stock", "customers", "prices", "operations", "messages", "bytes", "lww_lost"} {
			if _, ok := o[key]; !ok {
				t.Errorf("route %s: the outcome has no %q", route, key)
			}
		}
		if stock := o["stock"].(map[string]any); stock["A"] != 8.0 || stock["B"] != 2.0 {
			t.Errorf("route %s: stock is %v, want A 8, B 2", route, stock)
		}
	}
}

// TestUsage checks that whatever is wrong with flags, files and settings is one
// clear line and exit 2, and that nothing is written.
func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("bad.csv", []byte(heading+"1,A,LAMP,six,1/12/2010,2.55,7,UK\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("empty.csv", []byte(heading), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join("no", "such", "folder", "x")
	tests := []struct{ args, want string }{
		{"dance", `no command "dance"`},
		{"-seed x", "invalid value"},
		{"-nonsense", "flag provided but not defined"},
		{"-seed 1 extra", `takes no argument "extra"`},
		{"-html " + missing, "cannot write " + missing},
		{"-html .", "cannot write .: not a file"},
		{"-html a -json a", "-html and -json name one file"},
		{"trace", "wants one file, not 0"},
		{"trace a b", "wants one file, not 2"},
		{"trace nowhere.csv", "no such file"},
		{"trace .", "is a directory"},
		{"trace -json out.json bad.csv", `bad.csv: line 2, column 10: quantity "six" is not a whole number`},
		{"trace -json out.json empty.csv", "no lines after the heading"},
		{"trace -route moon -json out.json bad.csv", "quantity"},
		{"trace -json " + missing + " bad.csv", "quantity"},
		{"soak -seeds 9-1", "want a number or a range"},
		{"soak -seeds many", "want a number or a range"},
		{"soak -j 0", "-j 0"},
		{"soak here", `takes no argument "here"`},
	}
	for _, tt := range tests {
		code, out, errs := crdtsim(t, strings.Fields(tt.args)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, tt.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("crdtsim %s: exit %d, stdout %q, stderr %q, want %q", tt.args, code, out, errs, tt.want)
		}
	}
	files, err := os.ReadDir(".")
	if err != nil || len(files) != 2 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestRouteIsChecked(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("in.csv", []byte(heading+"1,A,LAMP,6,1/12/2010,2.55,7,UK\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := crdtsim(t, "trace", "-route", "moon", "in.csv"); code != exitUsage || !strings.Contains(errs, `route "moon"`) {
		t.Errorf("exit %d, %q", code, errs)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"help"}, {"trace", "-h"}, {"soak", "-h"}} {
		code, out, errs := crdtsim(t, args...)
		if code != exitOK || errs != "" || !strings.Contains(out, "-seed") {
			t.Errorf("crdtsim %v: exit %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
}

func TestSoak(t *testing.T) {
	code, out, errs := crdtsim(t, "soak", "-seeds", "1-20", "-q")
	if code != exitOK || !strings.HasPrefix(out, "passed: 20 seeds (1-20)") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
}

func TestInterrupt(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{nil, {"soak", "-seeds", "1-100000"}} {
		var out, errs bytes.Buffer
		if code := run(ctx, args, &out, &errs); code != exitInterrupted || !strings.Contains(errs.String(), "interrupted") {
			t.Errorf("crdtsim %v: exit %d, %q", args, code, errs.String())
		}
	}
	if files, _ := os.ReadDir("."); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

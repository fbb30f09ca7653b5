package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// sentences returns what the rules say in words, guarantees and advice, by where it stands.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("rules*.go")
	if err != nil {
		t.Fatal(err)
	}
	found, fset := make(map[string]string), token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && strings.Contains(l.Value, " ") {
				found[fset.Position(l.Pos()).String()] = l.Value
			}
			return true
		})
	}
	return found
}

var (
	identifier = regexp.MustCompile(`(mirror\.)?Config\.\w+|\b[A-Z]\w*[a-z]\w*\b`)
	setting    = regexp.MustCompile(`\b[a-z]+(-[a-z]+)+\b`)
)

// TestAdvice checks that what the rules name is there: a field of the configuration of an
// engine or a mirror, or a setting that a server reports.
func TestAdvice(t *testing.T) {
	settings, err := os.ReadFile("testdata/settings_ce_8.1.0.3.txt")
	if err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]bool)
	for prefix, c := range map[string]any{"Config.": aerospike.Config{}, "mirror.Config.": mirror.Config{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(c)) {
			fields[prefix+f.Name] = f.IsExported()
		}
	}
	all := sentences(t)
	if len(all) < 40 {
		t.Errorf("the rules say %d things, of which many were not found", len(all))
	}
	other := []string{
		"ignore-set",       // of a link of XDR, which Community Edition does not have
		"last-update-time", // a value of conflict-resolution-policy
	}
	for at, text := range all {
		for _, name := range identifier.FindAllString(text, -1) {
			if !fields[name] {
				t.Errorf("%s: %s names %s, which neither an engine's nor a mirror's Config has", at, text, name)
			}
		}
		for _, name := range setting.FindAllString(text, -1) {
			if !strings.Contains(string(settings), name+"=") && !slices.Contains(other, name) {
				t.Errorf("%s: %s names %s, which no server reports", at, text, name)
			}
		}
	}
}

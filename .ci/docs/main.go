// Command docs collects the Go code that stands in the README and other Markdown files and in the documents of packages, and writes it as one
// package that the compiler can check: what a reader copies must compile. Lines of the errors are those of the document.
//
// usage: go run ./.ci/docs DIR && go build -gcflags=-e -o /dev/null DIR/*.go
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// assumed are the names that a fragment may use without declaring them, as its reader would have them.
const assumed = `
var (
	ctx    context.Context
	t      *testing.T
	client *as.Client
	source crdt.Source
	cart   *crdt.AWSet[string]
	open   func(*testing.T) store.Batcher
	items  []string

	cartKind crdt.Kind[*Cart]
)

// Cart is a reader's own type.
type Cart struct{ crdt.GSet[string] }

func (*Cart) Put(*crdt.Tx, string) {}
func (*Cart) Clone() *Cart         { return nil }
func (*Cart) Equal(*Cart) bool     { return false }
func (*Cart) Merge(*Cart) bool     { return false }
`

// elsewhere are the packages outside the module and the standard library that fragments use, by the names they give them.
var elsewhere = map[string]string{
	"as":    "github.com/aerospike/aerospike-client-go/v7",
	"rapid": "pgregory.net/rapid",
}

// snippet is a block of Go in a document.
type snippet struct {
	file string
	line int // of its first line
	text string
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: docs DIR")
	}
	imports := packages()
	n := 0
	for _, s := range append(markdown(), comments()...) {
		if strings.Contains(s.text, "package main") {
			continue // a whole program, which the README's own step runs
		}
		n++
		write(filepath.Join(os.Args[1], fmt.Sprintf("snippet%d.go", n)), s.source(n, imports))
	}
	if n == 0 {
		log.Fatal("docs: found no Go in any document")
	}
	write(filepath.Join(os.Args[1], "assumed.go"), withImports(assumed, imports))
	write(filepath.Join(os.Args[1], "main.go"), "package main\n\nfunc main() {}\n")
	fmt.Printf("%d pieces of Go in documents\n", n)
}

func write(name, text string) {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
}

// packages returns import paths by package name: those of this module win over the standard library's, shorter paths over longer ones.
func packages() map[string]string {
	byName := make(map[string]string)
	for _, pattern := range []string{"./...", "std"} {
		out, err := exec.Command("go", "list", "-f", "{{.Name}} {{.ImportPath}}", pattern).Output()
		if err != nil {
			log.Fatalf("docs: go list %s: %v", pattern, err)
		}
		found := make(map[string]string)
		for line := range strings.Lines(string(out)) {
			name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
			if name == "main" || strings.Contains(path, "internal") || strings.HasPrefix(path, "vendor/") {
				continue
			}
			if old, ok := found[name]; !ok || len(path) < len(old) {
				found[name] = path
			}
		}
		for name, path := range found {
			if _, ok := byName[name]; !ok {
				byName[name] = path
			}
		}
	}
	for name, path := range elsewhere {
		byName[name] = path
	}
	return byName
}

// markdown returns the blocks that are fenced as Go.
func markdown() (found []snippet) {
	walk(".md", func(name string, text []byte) {
		var block *snippet
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			switch {
			case block == nil && strings.HasPrefix(line, "```go"):
				block = &snippet{file: name, line: n + 1}
			case block != nil && strings.HasPrefix(line, "```"):
				found = append(found, *block)
				block = nil
			case block != nil:
				block.text += line
			}
		}
	})
	return found
}

// looksLikeGo tells Go from the tables, formulas and commands that are indented in comments too.
var looksLikeGo = regexp.MustCompile(`:= |func\(|(?m)^type \w|^var \w`)

// comments returns the indented blocks of doc comments that are Go.
func comments() (found []snippet) {
	walk(".go", func(name string, text []byte) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, name, text, parser.ParseComments)
		if err != nil {
			log.Fatalf("docs: %v", err)
		}
		for _, group := range docs(f) {
			for _, block := range new(comment.Parser).Parse(group.Text()).Content {
				code, ok := block.(*comment.Code)
				if !ok || !looksLikeGo.MatchString(code.Text) {
					continue
				}
				first, _, _ := strings.Cut(code.Text, "\n")
				line := files.Position(group.Pos()).Line
				for _, c := range group.List {
					if strings.TrimSpace(strings.TrimPrefix(c.Text, "//")) == strings.TrimSpace(first) {
						line = files.Position(c.Pos()).Line
						break
					}
				}
				found = append(found, snippet{name, line, code.Text})
			}
		}
	})
	return found
}

// docs returns the comments of a file that go doc shows.
func docs(f *ast.File) (groups []*ast.CommentGroup) {
	if f.Doc != nil {
		groups = append(groups, f.Doc)
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			groups = append(groups, d.Doc)
		case *ast.GenDecl:
			groups = append(groups, d.Doc)
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok {
					groups = append(groups, s.Doc)
				}
			}
		}
	}
	return slices.DeleteFunc(groups, func(g *ast.CommentGroup) bool { return g == nil })
}

func walk(ext string, visit func(name string, text []byte)) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ext:
			return nil
		}
		text, err := os.ReadFile(name)
		if err == nil {
			visit(name, text)
		}
		return err
	})
	if err != nil {
		log.Fatalf("docs: %v", err)
	}
}

// source returns the snippet as a file: declarations as they stand, statements in a function of their own. A variable that a fragment
// declares and does not use is none of the reader's errors.
func (s *snippet) source(n int, imports map[string]string) string {
	text := regexp.MustCompile(`(?m)^\s*(\.\.\.|…)\s*$`).ReplaceAllString(s.text, "")
	line := fmt.Sprintf("\n//line %s:%d\n", absolute(s.file), s.line)
	if _, err := parser.ParseFile(token.NewFileSet(), "", "package main\n"+text, 0); err == nil {
		return withImports(line+text, imports)
	}
	body := fmt.Sprintf("func _() {\n%s%s\n%s}\n", line, text, used(text))
	return withImports(body, imports)
}

// used returns statements that use what the statements of a fragment declare.
func used(text string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package main\nfunc _() {\n"+text+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return "" // the compiler says it, with its line
	}
	var b strings.Builder
	for _, stmt := range f.Decls[0].(*ast.FuncDecl).Body.List {
		a, ok := stmt.(*ast.AssignStmt)
		if !ok || a.Tok != token.DEFINE {
			continue
		}
		for _, l := range a.Lhs {
			if id := l.(*ast.Ident); id.Name != "_" {
				fmt.Fprintf(&b, "_ = %s\n", id.Name)
			}
		}
	}
	return b.String()
}

// withImports returns the file whose declarations these are, with the imports that they need: those of the names before a dot that are
// packages.
func withImports(decls string, imports map[string]string) string {
	names := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`).FindAllStringSubmatch(decls, -1) {
		if imports[m[1]] != "" && !regexp.MustCompile(`\b`+m[1]+`(, \w+)* :?= |\b`+m[1]+` \*`).MatchString(decls) {
			names[m[1]] = true
		}
	}
	var b bytes.Buffer
	b.WriteString("package main\n\n")
	for name := range names {
		fmt.Fprintf(&b, "import %s %q\n", name, imports[name])
	}
	b.WriteString(decls)
	return b.String()
}

// absolute is for line directives, which would else be relative to the copy.
func absolute(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		log.Fatalf("docs: %v", err)
	}
	return abs
}

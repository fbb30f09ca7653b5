// Package retail turns a file of invoice lines into a scenario: every line is
// writes to a stock, a customer and a price, at the region that takes the invoice.
package retail

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Line is one line of an invoice.
type Line struct {
	Invoice  string
	Code     string
	Quantity int64
	Price    string // as written
	Customer string // empty if unknown
	Country  string
}

// Cancels reports whether the invoice is a cancellation.
func (l *Line) Cancels() bool { return strings.HasPrefix(l.Invoice, "C") }

func columns() []string {
	return []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}
}

// Error says what is wrong with the file, and where: line and column are counted
// from 1, the column in bytes.
type Error struct {
	Line, Column int
	What         string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

// Parse reads all lines. The first that is malformed ends it with an *Error.
func Parse(r io.Reader) ([]Line, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = len(columns())
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, located(in, err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	for i, c := range columns() {
		if head[i] != c {
			return nil, at(in, i, "column %d is named %q, want %q", i+1, head[i], c)
		}
	}
	var lines []Line
	for {
		f, err := in.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, located(in, err)
		}
		l, err := parseLine(in, f)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
}

func parseLine(in *csv.Reader, f []string) (Line, error) {
	for i := range f {
		f[i] = strings.Clone(f[i])
	}
	l := Line{Invoice: f[0], Code: f[1], Price: f[5], Customer: f[6], Country: f[7]}
	for i, what := range []string{0: "invoice number", 1: "stock code", 7: "country"} {
		if what != "" && f[i] == "" {
			return l, at(in, i, "the %s is missing", what)
		}
	}
	q, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil {
		return l, at(in, 3, "quantity %q is not a whole number", f[3])
	}
	l.Quantity = q
	if _, err := time.Parse("2/1/2006", strings.SplitN(f[4], " ", 2)[0]); err != nil {
		return l, at(in, 4, "date %q is not day/month/year", f[4])
	}
	if !isDecimal(f[5]) {
		return l, at(in, 5, "unit price %q is not a decimal number", f[5])
	}
	if strings.Trim(f[6], "0123456789") != "" {
		return l, at(in, 6, "customer %q is not a number", f[6])
	}
	return l, nil
}

func isDecimal(s string) bool {
	whole, part, dot := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!dot || digits(part))
}

func at(in *csv.Reader, field int, format string, args ...any) error {
	line, column := in.FieldPos(field)
	return &Error{line, column, fmt.Sprintf(format, args...)}
}

// located gives a fault of the CSV itself the same form.
func located(in *csv.Reader, err error) error {
	var p *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return &Error{1, 1, "the file is empty"}
	case !errors.As(err, &p):
		return fmt.Errorf("read: %w", err)
	case errors.Is(p.Err, csv.ErrFieldCount):
		line, column := in.FieldPos(0)
		return &Error{line, column, fmt.Sprintf("want %d fields: %s", len(columns()), strings.Join(columns(), ","))}
	default:
		return &Error{p.Line, p.Column, p.Err.Error()}
	}
}

// CustomerIDs returns the ids that occur, in order.
func CustomerIDs(lines []Line) []string {
	var out []string
	for _, l := range lines {
		if l.Customer != "" {
			out = append(out, l.Customer)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

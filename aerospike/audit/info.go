package audit

import (
	"fmt"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// maxInfoLinks bounds what is taken from a list of XDR's links: the server allows 64.
const maxInfoLinks = 256

// parseSet reads the reply about one set, a list of one element. Nothing is a set
// that nobody has written or configured: it has the defaults, and ok is false.
func parseSet(text string) (pairs map[string]string, ok bool, err error) {
	first, rest, _ := strings.Cut(text, ";")
	if rest != "" {
		return nil, false, fmt.Errorf("%w: more than one set", cluster.ErrUnreadable)
	}
	if first == "" {
		return nil, false, nil
	}
	pairs, err = cluster.ParsePairs(first, ":")
	return pairs, err == nil, err
}

// list reads a list of names: a,b,c.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

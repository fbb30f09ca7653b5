package aerospike

import (
	"errors"
	"fmt"
	"strings"
)

// Bounds of what is taken from one reply. A namespace of Community Edition 8.1
// replies with 12 KB in 500 pairs, and with some 10 pairs more for each device.
const (
	maxInfoReply = 1 << 20
	maxInfoPairs = 1 << 14
	maxInfoLinks = 256 // the server allows 64
)

var (
	errNoAnswer = errors.New("no answer")
	// errUnreadable is an answer of no use: refused, too long or garbled. Asking
	// again gives the same.
	errUnreadable = errors.New("unreadable")
)

// reply returns what a node replied to the command, or why that is of no use. The
// client leaves out replies that it cannot read, and all of them when it has no
// connection, without an error.
func reply(replies map[string]string, command string) (string, error) {
	text, ok := replies[command]
	switch {
	case !ok:
		return "", errNoAnswer
	case len(text) > maxInfoReply:
		return "", fmt.Errorf("%w: a reply of %d bytes", errUnreadable, len(text))
	case text == "type=unknown" || text == "ns_type=unknown":
		return "", fmt.Errorf("%w: no such namespace", errUnreadable)
	case refused(text):
		return "", fmt.Errorf("%w: the server refuses: %.100q", errUnreadable, text)
	}
	return text, nil
}

// refused reports whether a reply is an error: ERROR:<code>:<why>, with FAIL or
// error for its first word in older servers.
func refused(text string) bool {
	word, _, _ := strings.Cut(text, ":")
	return strings.EqualFold(word, "ERROR") || strings.EqualFold(word, "FAIL")
}

// parsePairs reads name=value pairs, which separator stands between. A piece that is
// no pair is left out, and so counts as not reported. A name with two values is an
// error, since either may be the one that holds.
func parsePairs(text, separator string) (map[string]string, error) {
	if len(text) > maxInfoReply {
		return nil, fmt.Errorf("%w: settings in %d bytes", errUnreadable, len(text))
	}
	if n := strings.Count(text, separator); n > maxInfoPairs {
		return nil, fmt.Errorf("%w: %d settings", errUnreadable, n)
	}
	pairs := make(map[string]string)
	for piece := range strings.SplitSeq(text, separator) {
		name, value, ok := strings.Cut(piece, "=")
		if !ok || name == "" {
			continue
		}
		if other, ok := pairs[name]; ok && other != value {
			return nil, fmt.Errorf("%w: setting %.100q is both %.100q and %.100q", errUnreadable, name, other, value)
		}
		pairs[name] = value
	}
	return pairs, nil
}

// parseSet reads the reply about one set, a list of one element. Nothing is a set
// that nobody has written or configured: it has the defaults, and ok is false.
func parseSet(text string) (pairs map[string]string, ok bool, err error) {
	first, rest, _ := strings.Cut(text, ";")
	if rest != "" {
		return nil, false, fmt.Errorf("%w: more than one set", errUnreadable)
	}
	if first == "" {
		return nil, false, nil
	}
	pairs, err = parsePairs(first, ":")
	return pairs, err == nil, err
}

// list reads a list of names: a,b,c.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// InfoTime bounds one request, unless more is allowed.
const InfoTime = time.Second

// Bounds of what is taken from one reply. A namespace of Community Edition 8.1
// replies with 12 KB in 500 pairs, and with some 10 pairs more for each device.
const (
	maxReply = 1 << 20
	maxPairs = 1 << 14
)

// Ask sends info commands to a node and returns the replies by command.
type Ask func(commands ...string) (map[string]string, error)

// AskNode returns what asks a node, until the context ends. One request has so much
// time, or what is left until the context's deadline. It goes over a connection like any other: the one
// that the client keeps for such requests may be taken for as long as
// ClientPolicy.Timeout, by the client itself, which asks a node that is gone.
func AskNode(ctx context.Context, node *as.Node, limit time.Duration) Ask {
	return func(commands ...string) (map[string]string, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		left := limit
		if deadline, ok := ctx.Deadline(); ok {
			left = min(left, time.Until(deadline))
		}
		if left <= 0 {
			return nil, context.DeadlineExceeded
		}
		conn, err := node.GetConnection(left)
		if err != nil {
			return nil, err
		}
		replies, err := conn.RequestInfo(commands...)
		if err != nil {
			node.InvalidateConnection(conn)
			closeIdle(node)
			return nil, err
		}
		node.PutConnection(conn)
		return replies, nil
	}
}

// idleMost is how many connections a node's pool may have, and more.
const idleMost = 1 << 10

// closeIdle closes the connections to a node that nobody uses. One was cut without a
// word, so that it had to be waited for: the others may be no better, and would have
// to be waited for one by one.
func closeIdle(node *as.Node) {
	for range idleMost {
		conn, err := node.GetConnection(time.Millisecond) // what is there, not a new one
		if err != nil {
			return
		}
		node.InvalidateConnection(conn)
	}
}

var (
	// ErrNoAnswer means that a reply says nothing of what was asked.
	ErrNoAnswer = errors.New("no answer")
	// ErrUnreadable is an answer of no use: Refused, too long or garbled. Asking
	// again gives the same.
	ErrUnreadable = errors.New("unreadable")
)

// Reply returns what a node replied to the command, or why that is of no use. The
// client leaves out replies that it cannot read, and all of them when it has no
// connection, without an error.
func Reply(replies map[string]string, command string) (string, error) {
	text, ok := replies[command]
	switch {
	case !ok:
		return "", ErrNoAnswer
	case len(text) > maxReply:
		return "", fmt.Errorf("%w: a reply of %d bytes", ErrUnreadable, len(text))
	case text == "type=unknown" || text == "ns_type=unknown":
		return "", fmt.Errorf("%w: no such namespace", ErrUnreadable)
	case Refused(text):
		return "", fmt.Errorf("%w: the server refuses: %.100q", ErrUnreadable, text)
	}
	return text, nil
}

// Refused reports whether a reply is an error: ERROR:<code>:<why>, with FAIL or
// error for its first word in older servers.
func Refused(text string) bool {
	word, _, _ := strings.Cut(text, ":")
	return strings.EqualFold(word, "ERROR") || strings.EqualFold(word, "FAIL")
}

// ParsePairs reads name=value pairs, which separator stands between. A piece that is
// no pair is left out, and so counts as not reported. A name with two values is an
// error, since either may be the one that holds.
func ParsePairs(text, separator string) (map[string]string, error) {
	if len(text) > maxReply {
		return nil, fmt.Errorf("%w: settings in %d bytes", ErrUnreadable, len(text))
	}
	if n := strings.Count(text, separator); n > maxPairs {
		return nil, fmt.Errorf("%w: %d settings", ErrUnreadable, n)
	}
	pairs := make(map[string]string)
	for piece := range strings.SplitSeq(text, separator) {
		name, value, ok := strings.Cut(piece, "=")
		if !ok || name == "" {
			continue
		}
		if other, ok := pairs[name]; ok && other != value {
			return nil, fmt.Errorf("%w: setting %.100q is both %.100q and %.100q", ErrUnreadable, name, other, value)
		}
		pairs[name] = value
	}
	return pairs, nil
}

// PairsOf returns the name=value pairs that a node replied to the command.
func PairsOf(replies map[string]string, command string) (map[string]string, error) {
	text, err := Reply(replies, command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	pairs, err := ParsePairs(text, ";")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return pairs, nil
}

// PairsAt asks a node one thing and returns the name=value pairs that it replies.
func PairsAt(ask Ask, command string) (map[string]string, error) {
	replies, err := ask(command)
	if err != nil {
		return nil, err
	}
	return PairsOf(replies, command)
}

package cluster

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestParsePairs(t *testing.T) {
	tests := []struct {
		text, separator string
		want            map[string]string
	}{
		{"", ";", map[string]string{}},
		{"a=1;b=;c=x=y;", ";", map[string]string{"a": "1", "b": "", "c": "x=y"}},
		{"a=1:b=2", ":", map[string]string{"a": "1", "b": "2"}},
		{"a;=1;;b=2;b=2", ";", map[string]string{"b": "2"}},
		{"a=1;a=2", ";", nil},
		{strings.Repeat(";", maxPairs+1), ";", nil},
		{strings.Repeat("x", maxReply+1), ";", nil},
	}
	for _, test := range tests {
		got, err := ParsePairs(test.text, test.separator)
		if (err == nil) != (test.want != nil) || !maps.Equal(got, test.want) {
			t.Errorf("ParsePairs(%.40q) = %v, %v, want %v", test.text, got, err, test.want)
		}
		if err != nil && !errors.Is(err, ErrUnreadable) {
			t.Errorf("ParsePairs(%.40q): %v, want %v", test.text, err, ErrUnreadable)
		}
	}
}

func TestReply(t *testing.T) {
	replies := map[string]string{
		"ok": "a=1", "empty": "", "failed": "failed_best_practices=true", "error": "ERROR:4:unrecognized command",
		"old": "FAIL:4:no", "none": "type=unknown", "long": strings.Repeat("x", maxReply+1),
	}
	for command, want := range map[string]error{
		"ok": nil, "empty": nil, "failed": nil, "error": ErrUnreadable, "old": ErrUnreadable, "none": ErrUnreadable,
		"long": ErrUnreadable, "missing": ErrNoAnswer,
	} {
		text, err := Reply(replies, command)
		if !errors.Is(err, want) || (err == nil && text != replies[command]) {
			t.Errorf("reply to %s: %.40q, %v, want %v", command, text, err, want)
		}
	}
}

// FuzzParsePairs reads any text: what comes out is bounded, and a fixed point of writing
// and reading.
func FuzzParsePairs(f *testing.F) {
	f.Add("conflict-resolution-policy=generation;max-record-size=1048576;storage-engine.file[0]=x")
	f.Add("default-ttl=0;default-ttl=1")
	f.Fuzz(func(t *testing.T, text string) {
		if pairs, err := ParsePairs(text, ";"); err == nil {
			var b strings.Builder
			for _, name := range slices.Sorted(maps.Keys(pairs)) {
				b.WriteString(name + "=" + pairs[name] + ";")
			}
			again, err := ParsePairs(b.String(), ";")
			if err != nil || !maps.Equal(again, pairs) || len(pairs) > maxPairs+1 {
				t.Errorf("read again: %v, %v, want %v", again, err, pairs)
			}
		}
	})
}

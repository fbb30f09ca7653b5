package view

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var outDir = flag.String("view.out", "", "write the fixtures' pages to this directory, to look at")

func render(t *testing.T, r *Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFixtures(t *testing.T) {
	for name, r := range map[string]*Run{"demo": demo(), "crowd": crowd()} {
		out := render(t, r)
		if n := len(r.Messages); n < 1000 {
			t.Errorf("%s has %d messages, too few to look at", name, n)
		}
		for _, p := range r.Replicas {
			if !strings.Contains(out, p.Name) {
				t.Errorf("%s: page does not name replica %s", name, p.Name)
			}
		}
		if !strings.Contains(out, r.Verdict) {
			t.Errorf("%s: page does not say %q", name, r.Verdict)
		}
	}
	if *outDir == "" {
		return
	}
	failed := crowd()
	failed.Truncated = "messages after 9 s, to keep the file small"
	for name, r := range map[string]*Run{"demo": demo(), "crowd": failed, "heavy": heavy(), "hostile": hostile()} {
		if err := os.WriteFile(filepath.Join(*outDir, name+".html"), []byte(render(t, r)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSameRunSameBytes(t *testing.T) {
	first := render(t, demo())
	for range 3 {
		if render(t, demo()) != first {
			t.Fatal("the same run gave different bytes")
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	r := demo()
	want := render(t, r)
	shuffled := *r
	shuffled.Ops = slices.Clone(r.Ops)
	slices.Reverse(shuffled.Ops)
	shuffled.Divergence = slices.Clone(r.Divergence)
	slices.Reverse(shuffled.Divergence)
	before := slices.Clone(shuffled.Ops)
	if render(t, &shuffled) != want {
		t.Error("the order of the writes changed the page")
	}
	if !slices.Equal(before, shuffled.Ops) {
		t.Error("Write changed the caller's run")
	}
}

// small is the least run with something of everything.
func small() *Run {
	return &Run{
		Title: "small", Duration: 1000 * ms, Verdict: "converged", OK: true,
		Replicas:   []Replica{{"a", "", 1}, {"b", "", 0}},
		Ops:        []Op{{10 * ms, 0, "k", "set 1", 5}},
		Messages:   []Message{{From: 0, To: 1, Sent: 20 * ms, Arrived: 50 * ms, Kind: "push", Fate: FateDelivered, Bytes: 9, Ops: []int{5}}},
		Cuts:       []Cut{{100 * ms, 200 * ms, [][]int{{0}, {1}}}},
		Downs:      []Down{{1, 300 * ms, 400 * ms}},
		Divergence: []Sample{{0, 1}, {10 * ms, 2}, {50 * ms, 1}},
		Summary:    []Row{{"writes", "1"}},
		Values:     []Value{{"k", "Counter", "1", "1", 0}},
	}
}

const attack = `</script><img src=x onerror=alert(1)><!-- ]]> ' " ` + "\u2028 \x00 \xff {{.}} `${x}`"

// hostile is a run whose every text tries to break out of the page.
func hostile() *Run {
	r := small()
	r.Title, r.Subtitle, r.Command, r.Verdict, r.Truncated = attack, attack, attack, attack, attack
	r.Replicas[0] = Replica{attack, attack, 1}
	r.Ops[0].Key, r.Ops[0].Label = attack, attack
	r.Messages[0].Kind, r.Messages[0].Label = attack, attack
	r.Summary = []Row{{attack, attack}}
	r.Values = []Value{{attack, attack, attack, attack, 1}}
	return r
}

func TestHostileTexts(t *testing.T) {
	out := render(t, hostile())
	lower := strings.ToLower(out)
	if strings.Contains(lower, "<img") {
		t.Error("a label became an element")
	}
	if n := strings.Count(lower, "</script"); n != 2 {
		t.Errorf("%d script ends, want the page's own 2", n)
	}
	if strings.Contains(out, "<!--") {
		t.Error("a label opened a comment")
	}
	if strings.ToValidUTF8(out, "") != out || strings.Contains(out, "\x00") {
		t.Error("the page is not clean text")
	}
	got := payloadOf(t, out)
	if want := clean(attack); !slices.Contains(got.Texts, want) {
		t.Errorf("texts %q do not hold the label as given, %q", got.Texts, want)
	}
}

func payloadOf(t *testing.T, out string) payload {
	t.Helper()
	_, data, ok := strings.Cut(out, `<script type="application/json" id="run">`)
	if !ok {
		t.Fatal("no data in the page")
	}
	data, _, _ = strings.Cut(data, "</script>")
	var p payload
	if err := json.Unmarshal([]byte(data), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPayload(t *testing.T) {
	r := small()
	r.Ops = append(r.Ops, Op{5 * ms, 1, "k", "set 2", 4})
	r.Messages = append(r.Messages, Message{From: 1, To: 0, Sent: 15 * ms, Kind: "push", Fate: FateLost, Ops: []int{5, 4, 5}})
	m := payloadOf(t, render(t, r)).Messages
	if want := []int64{15_000, 5_000}; !slices.Equal(m.Sent, want) {
		t.Errorf("sent %v, want %v", m.Sent, want)
	}
	if want := []int64{-1, 30_000}; !slices.Equal(m.Delay, want) {
		t.Errorf("delay %v, want %v", m.Delay, want)
	}
	if want := []int{0, 1, 1}; !slices.Equal(m.Ops, want) { // places 0 and 1, then 1
		t.Errorf("ops %v, want %v", m.Ops, want)
	}
	if want := []int{1, 0}; !slices.Equal(m.Fate, want) {
		t.Errorf("fates %v, want %v", m.Fate, want)
	}
}

func TestNoOutsideReference(t *testing.T) {
	out := render(t, demo())
	for _, bad := range []string{"http://", "https://", "//cdn", "@import", "url(", "eval(", "new Function", "fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "import("} {
		if strings.Contains(out, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if m := regexp.MustCompile(`\s(src|href|action|data)="[^"]*"`).FindAllString(out, -1); !slices.Equal(m, []string{` href="data:,"`}) {
		t.Errorf("references: %q", m)
	}
	policy := `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"`
	if !strings.Contains(out, policy) {
		t.Error("the page's security policy is missing or was changed")
	}
}

func TestShellIsSmall(t *testing.T) {
	if n := len(pageHTML) + len(pageCSS) + len(pageJS); n > 60<<10 {
		t.Errorf("the shell is %d bytes, want at most %d", n, 60<<10)
	}
}

func TestBadRuns(t *testing.T) {
	tests := []struct {
		name string
		harm func(*Run)
		want string
	}{
		{"no replicas", func(r *Run) { r.Replicas = nil }, "run has no replicas"},
		{"no duration", func(r *Run) { r.Duration = 0 }, "run duration 0 ns"},
		{"negative duration", func(r *Run) { r.Duration = -1 }, "run duration -1 ns"},
		{"too long", func(r *Run) { r.Duration = maxTime + 1 }, "run duration"},
		{"writes", func(r *Run) { r.Replicas[1].Writes = -1 }, "replica 1 (b): negative writes"},
		{"op replica", func(r *Run) { r.Ops[0].Replica = 2 }, "op 0 (id 5, k): replica 2 of 2"},
		{"op replica negative", func(r *Run) { r.Ops[0].Replica = -1 }, "op 0 (id 5, k): replica -1 of 2"},
		{"op time", func(r *Run) { r.Ops[0].T = 1001 * ms }, "op 0 (id 5, k): time"},
		{"op twice", func(r *Run) { r.Ops = append(r.Ops, r.Ops[0]) }, "op 1 (k): id 5 is taken"},
		{"message from", func(r *Run) { r.Messages[0].From = 9 }, "message 0 (push): from: replica 9 of 2"},
		{"message to", func(r *Run) { r.Messages[0].To = 2 }, "message 0 (push): to: replica 2 of 2"},
		{"message to itself", func(r *Run) { r.Messages[0].To = 0 }, "message 0 (push): from replica 0 to itself"},
		{"message backwards", func(r *Run) { r.Messages[0].Arrived = 1 }, "message 0 (push): delivered: sent at 20000000 ns, arrived at 1 ns"},
		{"message never delivered", func(r *Run) { r.Messages[0].Arrived = 0 }, "message 0 (push): delivered: sent at"},
		{"lost backwards", func(r *Run) { r.Messages[0].Fate, r.Messages[0].Arrived = FateLost, 1 }, "message 0 (push): lost: sent at"},
		{"message before the start", func(r *Run) { r.Messages[0].Sent = -1 }, "message 0 (push): sent at -1 ns"},
		{"fate", func(r *Run) { r.Messages[0].Fate = "eaten" }, `message 0 (push): unknown fate "eaten"`},
		{"size", func(r *Run) { r.Messages[0].Bytes = -4 }, "message 0 (push): negative size -4"},
		{"message op", func(r *Run) { r.Messages[0].Ops = []int{6} }, "message 0 (push): carries op id 6"},
		{"cut time", func(r *Run) { r.Cuts[0].To = 0 }, "cut 0: from 100000000 ns to 0 ns"},
		{"cut replica", func(r *Run) { r.Cuts[0].Groups[1][0] = 7 }, "cut 0, group 1: replica 7 of 2"},
		{"cut twice", func(r *Run) { r.Cuts[0].Groups[1][0] = 0 }, "cut 0: replica 0 is in groups 0 and 1"},
		{"down replica", func(r *Run) { r.Downs[0].Replica = 2 }, "down 0: replica 2 of 2"},
		{"down time", func(r *Run) { r.Downs[0].From = -5 }, "down 0: from -5 ns"},
		{"sample", func(r *Run) { r.Divergence[1].Distinct = 3 }, "divergence sample 1: 3 different states of 2 replicas"},
		{"sample time", func(r *Run) { r.Divergence[1].T = -1 }, "divergence sample 1: time -1 ns"},
		{"lost updates", func(r *Run) { r.Values[0].Lost = -1 }, "value 0 (k): negative lost updates"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := small()
			test.harm(r)
			var b bytes.Buffer
			err := Write(&b, r)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if b.Len() > 0 {
				t.Error("wrote something all the same")
			}
		})
	}
	if err := Write(&bytes.Buffer{}, nil); err == nil {
		t.Error("no error for no run")
	}
}

func TestTruncatedMayMissOps(t *testing.T) {
	r := small()
	r.Messages[0].Ops = []int{6, 5}
	r.Truncated = "some writes"
	if got := payloadOf(t, render(t, r)).Messages.Count; !slices.Equal(got, []int{1}) {
		t.Errorf("message carries %v writes, want the 1 that is in the picture", got)
	}
}

func TestStory(t *testing.T) {
	want := "2 replicas (a, b) took 1 write in 1.00 s. From 100 ms to 200 ms a partition cut a off from b. " +
		"b crashed and was down for 100 ms. The only message arrived. From 50 ms to the end all replicas held the same state."
	if got := story(small()); got != want {
		t.Errorf("story:\n%s\nwant:\n%s", got, want)
	}
}

func TestReach(t *testing.T) {
	r := small()
	r.Messages = append(
		r.Messages,
		Message{From: 0, To: 1, Sent: 11 * ms, Kind: "push", Fate: FateLost, Ops: []int{5}},
		Message{From: 0, To: 1, Sent: 12 * ms, Arrived: 30 * ms, Kind: "push", Fate: FateDuplicate, Ops: []int{5}},
		Message{From: 0, To: 1, Sent: 12 * ms, Arrived: 14 * ms, Kind: "push", Fate: FateStale, Ops: []int{5}},
	)
	if got := reach(r, opIndex(r.Ops))[0]; !slices.Equal(got, []int64{10 * ms, 30 * ms}) {
		t.Errorf("reached at %v", got)
	}
	if out := render(t, r); !strings.Contains(out, "b &#43;20 ms") {
		t.Error("the list of events does not say when b learnt of the write")
	}
}

func TestEmptyRun(t *testing.T) {
	out := render(t, &Run{Duration: 1, Replicas: []Replica{{}}})
	if strings.Contains(out, ":null") {
		t.Error("an empty column is null")
	}
}

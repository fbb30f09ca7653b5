package audit

import "strconv"

// rule is one promise, and what takes it away: a pure function of the facts and of
// what one node reports.
type rule struct {
	guarantee string
	judge     func(j *judgement)
}

// nodeRules returns the rules for one node. Those that need several clusters are in
// clusterRules. What the client may do wrong is no setting of a server, and no rule:
// the engine passes policies of its own.
func nodeRules() []rule {
	return []rule{
		{"the newest version of a record survives when a split heals", conflictResolution},
		{"no acknowledged update is lost between datacenters", sharedRecord},
		{"a datacenter's record arrives whole elsewhere", partialRecord},
		{"an acknowledged update is on every replica", commitLevel},
		{"a record's newest copy is compared before it is compacted", duplicateResolution},
		{"a read that asks for the newest copy gets it", readConsistency},
		{"an acknowledged update survives the loss of a node", replication},
		{"an acknowledged update survives the end of every node's process", lastingStorage},
		{"an acknowledged update is on a disk", commitToDevice},
		{"a scan for changes overlaps the one before it", clockSkew},
		{"objects expire when they should, and stay so", expiry},
		{"an object lives exactly as long as its writer says", lifetime},
		{"writes and copies from other clusters are taken", stopWrites},
		{"an object's context is kept", truncation},
		{"removing keeps the context", expunge},
	}
}

// judgeNode returns what the rules find on a node. It changes neither argument.
func judgeNode(f *Facts, n *nodeSettings) []Finding {
	var found []Finding
	for _, r := range nodeRules() {
		j := &judgement{facts: f, node: n, guarantee: r.guarantee}
		r.judge(j)
		found = append(found, j.found...)
	}
	return found
}

// judgement is one rule at work. Whatever a rule needs and the node does not report,
// or not in a way that is understood, becomes a finding that says so.
type judgement struct {
	facts     *Facts
	node      *nodeSettings
	guarantee string
	found     []Finding
}

// find adds a finding about a setting.
func (j *judgement) find(level Level, setting, advice string) {
	j.found = append(j.found, Finding{
		Level: level, Setting: setting, Value: brief(j.node.values[setting]), Node: j.node.node,
		Guarantee: j.guarantee, Advice: advice,
	})
}

// measure adds a finding about a value that moves by itself.
func (j *judgement) measure(level Level, setting, value, advice string) {
	j.find(level, setting, advice)
	last := &j.found[len(j.found)-1]
	last.Value, last.Measured = brief(value), true
}

// brief returns as much of a value as a finding holds.
func brief(value string) string {
	const limit = 200
	if len(value) <= limit {
		return value
	}
	return value[:limit] + "..."
}

// text returns a setting, or finds that it is not reported.
func (j *judgement) text(setting string) (value string, ok bool) {
	value, ok = j.node.values[setting]
	if !ok {
		j.find(Info, setting, "not reported: look whether it is as it should be")
	}
	return value, ok
}

// unknown finds that the value of a setting is not known here.
func (j *judgement) unknown(setting string) {
	j.find(Info, setting, "not a value that is understood: look whether it is as it should be")
}

// is reports whether a setting that is true or false has the value.
func (j *judgement) is(setting string, want bool) bool {
	value, ok := j.text(setting)
	if ok && value != "true" && value != "false" {
		j.unknown(setting)
	}
	return value == strconv.FormatBool(want)
}

// number returns a setting that is a number, or else ok is false.
func (j *judgement) number(setting string) (n uint64, ok bool) {
	value, ok := j.text(setting)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		j.unknown(setting)
	}
	return n, err == nil
}

// positive reports whether a setting is a number above 0.
func (j *judgement) positive(setting string) bool {
	n, ok := j.number(setting)
	return ok && n > 0
}

// positives returns, of several names for one setting, of which a server knows those
// of its version, those that are above 0. It is a finding if none is reported.
func (j *judgement) positives(settings ...string) []string {
	var positive []string
	known := false
	for _, s := range settings {
		if _, ok := j.node.values[s]; ok {
			known = true
			if j.positive(s) {
				positive = append(positive, s)
			}
		}
	}
	if !known {
		j.text(settings[0])
	}
	return positive
}

// ifTTL returns level if objects expire, and else Info.
func (j *judgement) ifTTL(level Level) Level {
	if j.facts.TTL {
		return level
	}
	return Info
}

// ifAlone returns Fatal if nobody else has what this cluster loses, and else level.
func (j *judgement) ifAlone(level Level) Level {
	if j.facts.alone() {
		return Fatal
	}
	return level
}

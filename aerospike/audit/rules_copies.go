package audit

// Rules about which of a record's copies count, and how many there are. In strong
// consistency the server decides it all itself, and does not look at the settings
// for what is called availability here.

// conflictResolution: after a split each side has a version, and one is dropped.
// The policy generation, which is the default, compares counters of 16 bits that
// wrap: an idle side's old version wins over one that was written 65,535 times, and
// a side with many writes over the later ones. The dropped side's updates come back
// from journals and other clusters only.
func conflictResolution(j *judgement) {
	const policy = "conflict-resolution-policy"
	if j.is("strong-consistency", true) {
		return
	}
	switch value, ok := j.text(policy); {
	case !ok, value == "last-update-time":
	case value == "generation":
		j.find(j.ifAlone(Warn), policy, "set it to last-update-time")
	default:
		j.unknown(policy)
	}
}

// commitLevel: the engine asks that every replica has a write before it is
// acknowledged. The override makes that one node, whose loss loses the write.
func commitLevel(j *judgement) {
	const override = "write-commit-level-override"
	if overridden(j, override, "master") {
		j.find(Fatal, override, "set it to off or all")
	}
}

// overridden reports whether a node does with one copy, which value stands for, what
// the client asks of all of them.
func overridden(j *judgement, override, value string) bool {
	if j.node.is("strong-consistency") {
		return false
	}
	switch now, ok := j.text(override); {
	case !ok, now == "off", now == "all":
	case now == value:
		return true
	default:
		j.unknown(override)
	}
	return false
}

// duplicateResolution: while partitions migrate, a write first fetches the newest
// copy, and only then looks at its filter. Without that the stamp is compared with
// a stale copy's: a compaction of it passes, and replaces what it has not seen.
func duplicateResolution(j *judgement) {
	const disable = "disable-write-dup-res"
	if j.node.is("strong-consistency") || !j.is(disable, true) {
		return
	}
	j.find(Fatal, disable, "set it to false")
}

// readConsistency: after a conflict, or when a record is older than what a process
// knows, the engine reads with all copies consulted. The override makes that any
// one copy, so it may see the stale one again and again.
func readConsistency(j *judgement) {
	const override = "read-consistency-level-override"
	if overridden(j, override, "one") {
		j.find(Warn, override, "set it to off or all")
	}
}

// replication: with one copy, a node that does not come back takes its records along.
// The effective factor is what there is, which a cluster of too few nodes lowers.
func replication(j *judgement) {
	const factor = "effective_replication_factor"
	if n, ok := j.number(factor); ok && n <= 1 {
		j.find(j.ifAlone(Warn), factor, "have a replication-factor of 2 or more, and as many nodes")
	}
}

// lastingStorage: memory without a file is empty after a restart, so that as many
// restarts as there are replicas lose what is not elsewhere.
func lastingStorage(j *judgement) {
	const engine = "storage-engine"
	if _, ok := j.text(engine); ok && !j.node.lasting() {
		j.find(j.ifAlone(Warn), engine, "give it a file or a device")
	}
}

// commitToDevice: without it a write is acknowledged from memory and written up to a
// second later, so that it is lost if all its replicas are killed within that time.
// Storage that does not last at all is another rule's.
func commitToDevice(j *judgement) {
	const commit = "storage-engine.commit-to-device"
	if j.node.lasting() && j.is(commit, false) {
		j.find(Info, commit, "set it to true if all replicas may fail at once")
	}
}

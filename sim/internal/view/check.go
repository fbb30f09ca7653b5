package view

import (
	"errors"
	"fmt"
	"slices"
)

// maxTime is the last virtual time a browser's numbers hold without rounding.
const maxTime = 1 << 53

// fates lists what may become of a message, in the order the page numbers them.
func fates() []string {
	return []string{FateDelivered, FateLost, FateCut, FateDuplicate, FateDown, FateStale}
}

// check reports the first thing in r that cannot be drawn.
func check(r *Run) error {
	if r == nil {
		return errors.New("no run")
	}
	if len(r.Replicas) == 0 {
		return errors.New("run has no replicas")
	}
	if r.Duration <= 0 || r.Duration > maxTime {
		return fmt.Errorf("run duration %d ns: want more than 0 and at most %d", r.Duration, int64(maxTime))
	}
	for i, p := range r.Replicas {
		if p.Writes < 0 {
			return fmt.Errorf("replica %d (%s): negative writes %d", i, p.Name, p.Writes)
		}
	}
	ids, err := checkOps(r)
	if err != nil {
		return err
	}
	if err := checkMessages(r, ids); err != nil {
		return err
	}
	if err := checkCuts(r); err != nil {
		return err
	}
	for i, d := range r.Downs {
		if err := checkReplica(r, d.Replica); err != nil {
			return fmt.Errorf("down %d: %w", i, err)
		}
		if err := checkSpan(d.From, d.To); err != nil {
			return fmt.Errorf("down %d: %w", i, err)
		}
	}
	for i, s := range r.Divergence {
		if s.T < 0 || s.T > maxTime {
			return fmt.Errorf("divergence sample %d: time %d ns is outside the run", i, s.T)
		}
		if s.Distinct < 0 || s.Distinct > len(r.Replicas) {
			return fmt.Errorf("divergence sample %d: %d different states of %d replicas", i, s.Distinct, len(r.Replicas))
		}
	}
	for i, v := range r.Values {
		if v.Lost < 0 {
			return fmt.Errorf("value %d (%s): negative lost updates %d", i, v.Key, v.Lost)
		}
	}
	return nil
}

// checkOps checks the writes and returns the set of their IDs.
func checkOps(r *Run) (map[int]bool, error) {
	ids := make(map[int]bool, len(r.Ops))
	for i, o := range r.Ops {
		if err := checkReplica(r, o.Replica); err != nil {
			return nil, fmt.Errorf("op %d (id %d, %s): %w", i, o.ID, o.Key, err)
		}
		if o.T < 0 || o.T > r.Duration {
			return nil, fmt.Errorf("op %d (id %d, %s): time %d ns is outside the run of %d ns", i, o.ID, o.Key, o.T, r.Duration)
		}
		if ids[o.ID] {
			return nil, fmt.Errorf("op %d (%s): id %d is taken by an earlier op", i, o.Key, o.ID)
		}
		ids[o.ID] = true
	}
	return ids, nil
}

// checkMessages checks the messages, given the IDs of the writes.
func checkMessages(r *Run, ids map[int]bool) error {
	for i := range r.Messages {
		if err := checkMessage(r, &r.Messages[i], ids); err != nil {
			return fmt.Errorf("message %d (%s): %w", i, r.Messages[i].Kind, err)
		}
	}
	return nil
}

func checkMessage(r *Run, m *Message, ids map[int]bool) error {
	if err := checkReplica(r, m.From); err != nil {
		return fmt.Errorf("from: %w", err)
	}
	if err := checkReplica(r, m.To); err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if m.From == m.To {
		return fmt.Errorf("from replica %d to itself", m.From)
	}
	if m.Sent < 0 || m.Sent > r.Duration {
		return fmt.Errorf("sent at %d ns, outside the run of %d ns", m.Sent, r.Duration)
	}
	if !slices.Contains(fates(), m.Fate) {
		return fmt.Errorf("unknown fate %q", m.Fate)
	}
	if m.Arrived > maxTime || m.Arrived < m.Sent && (m.Arrived != 0 || m.arrives()) {
		return fmt.Errorf("%s: sent at %d ns, arrived at %d ns", m.Fate, m.Sent, m.Arrived)
	}
	if m.Bytes < 0 {
		return fmt.Errorf("negative size %d", m.Bytes)
	}
	if r.Truncated != "" {
		return nil // writes it carried may be among what was left out
	}
	for _, id := range m.Ops {
		if !ids[id] {
			return fmt.Errorf("carries op id %d, which is not in the run", id)
		}
	}
	return nil
}

func checkCuts(r *Run) error {
	for i, c := range r.Cuts {
		if err := checkSpan(c.From, c.To); err != nil {
			return fmt.Errorf("cut %d: %w", i, err)
		}
		group := make(map[int]int)
		for g, members := range c.Groups {
			for _, p := range members {
				if err := checkReplica(r, p); err != nil {
					return fmt.Errorf("cut %d, group %d: %w", i, g, err)
				}
				if h, ok := group[p]; ok {
					return fmt.Errorf("cut %d: replica %d is in groups %d and %d", i, p, h, g)
				}
				group[p] = g
			}
		}
	}
	return nil
}

func checkReplica(r *Run, p int) error {
	if p < 0 || p >= len(r.Replicas) {
		return fmt.Errorf("replica %d of %d is out of range", p, len(r.Replicas))
	}
	return nil
}

func checkSpan(from, to int64) error {
	if from < 0 || to < from || to > maxTime {
		return fmt.Errorf("from %d ns to %d ns is not a span of time", from, to)
	}
	return nil
}

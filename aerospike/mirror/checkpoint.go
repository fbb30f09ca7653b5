package mirror

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// checkpoint is what a mirror knows of what it has copied. It holds only as long
// as the clusters are the same.
type checkpoint struct {
	Version  int
	Clusters map[string]string // cluster key by name
	Cursors  []cursor
}

type cursor struct {
	From, To, Set string
	First, Count  int
	At            time.Time
}

const checkpointVersion = 1

// Checkpoint returns what has been copied until now, for Config.Checkpoint
// of a Mirror that goes on from there. Nothing is in it that a target has not
// acknowledged. It counts on the time of day not having been set back meanwhile,
// by more than Margin; like all that scans miss, what that costs waits for the
// audit.
func (m *Mirror) Checkpoint() ([]byte, error) {
	c := checkpoint{Version: checkpointVersion, Clusters: make(map[string]string)}
	epochs := make(map[*peer]uint64)
	for _, p := range m.peers {
		at, key := p.monitor.Last()
		c.Clusters[p.cluster.Name], epochs[p] = key, at.Epoch
	}
	for _, d := range m.directions() {
		for _, g := range d.groups {
			at, ok := g.cursor([2]uint64{epochs[d.from], epochs[d.to]})
			if ok {
				c.Cursors = append(c.Cursors, cursor{d.from.cluster.Name, d.to.cluster.Name, g.set, g.first, g.count, at})
			}
		}
	}
	return json.Marshal(c)
}

// cursor returns the cursor, if it is of these epochs.
func (g *group) cursor(epochs [2]uint64) (time.Time, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at, !g.at.IsZero() && g.epochs == epochs
}

func readCheckpoint(cfg *Config) (c checkpoint, err error) {
	if cfg.Checkpoint == nil {
		return c, nil
	}
	if err := json.Unmarshal(cfg.Checkpoint, &c); err != nil {
		return c, fmt.Errorf("mirror: Config.Checkpoint: %w", err)
	}
	if c.Version != checkpointVersion {
		return c, fmt.Errorf("mirror: Config.Checkpoint is of version %d, and this mirror reads version %d", c.Version, checkpointVersion)
	}
	return c, nil
}

// resume sets the cursors of a direction. They hold in the epoch that clusters
// have which are still as they were; see cluster.Monitor.
func (c *checkpoint) resume(d *direction, now time.Time) {
	for _, s := range c.Cursors {
		if s.From != d.from.cluster.Name || s.To != d.to.cluster.Name || s.At.After(now) {
			continue
		}
		for _, g := range d.groups {
			if g.set == s.Set && g.first == s.First && g.count == s.Count {
				g.at, g.epochs = s.At, [2]uint64{cluster.ResumedEpoch, cluster.ResumedEpoch}
			}
		}
	}
}

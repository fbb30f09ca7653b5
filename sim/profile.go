package sim

import "time"

// Random returns the scenario of a seed for soaking: a few replicas on a few
// objects, so that their writes meet, under faults that the seed draws. A quarter
// of the seeds are calm but for one fault, a quarter have every fault at once,
// and the rest draw which they have (swarm testing: Groce et al., ISSTA 2012);
// no one mixture finds everything.
func Random(seed uint64) Scenario {
	d := NewSource(seed).Stream("profile")
	sc := Scenario{
		Seed: seed, Objects: Mixed(), Duration: 4 * time.Second, Rate: float64(d.between(5, 40)),
		Jitter: time.Duration(d.between(0, 30)) * time.Millisecond,
		Sync:   time.Duration(d.between(0, 5)) * time.Millisecond,
	}
	n := int(d.between(2, 5))
	regions := Regions()
	for range n {
		sc.Replicas = append(sc.Replicas, regions[d.Choose(len(regions))])
	}
	sc.Objects = sc.Objects[d.Choose(len(sc.Objects)):] // now and then few types, so that each gets more
	const faults = 8
	mode, single := d.Choose(4), d.Choose(faults)
	for i := range faults {
		switch {
		case mode == 0 && i != single, mode >= 2 && d.Chance(0.5):
			continue
		}
		addFault(&sc, d, i)
	}
	return sc
}

func addFault(sc *Scenario, d *Stream, fault int) {
	n := len(sc.Replicas)
	switch fault {
	case 0:
		sc.Loss = float64(d.between(1, 40)) / 100
	case 1:
		sc.Duplicate = float64(d.between(1, 30)) / 100
	case 2:
		sc.Reorder = float64(d.between(1, 50)) / 100
	case 3:
		for range d.between(1, 3) {
			from := time.Duration(d.between(0, 4000)) * time.Millisecond
			c := Cut{From: from, To: from + time.Duration(d.between(50, 4000))*time.Millisecond, Groups: make([][]int, d.between(2, 3))}
			for r := range n {
				g := d.Choose(len(c.Groups))
				c.Groups[g] = append(c.Groups[g], r)
			}
			sc.Cuts = append(sc.Cuts, c)
		}
	case 4:
		for range d.between(1, 4) {
			sc.Crashes = append(sc.Crashes, Crash{
				Replica: d.Choose(n), At: time.Duration(d.between(0, 5000)) * time.Millisecond,
				For: time.Duration(d.between(1, 2000)) * time.Millisecond, Fresh: d.Chance(0.5),
			})
		}
	case 5:
		for range n {
			sc.Skew = append(sc.Skew, time.Duration(d.between(-7200, 7200))*time.Second)
		}
	case 6: // a line: the ends never talk
		for i := 1; i < n; i++ {
			sc.Links = append(sc.Links, [2]int{i - 1, i})
		}
	case 7: // logs that do not reach back, so that heals are sessions
		sc.LogBytes, sc.Reserve = int(d.between(1, 4000)), uint64(d.between(8, 64))
		sc.SessionKeys = int(d.between(1, 4))
	}
}
